import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { readSettings } from '../../src/settings.ts';
import { LOCAL_PRINCIPAL } from '../../src/sources/principal.ts';
import { platformOf } from '../../src/sources/services.ts';
import { connect } from '../../src/store/connection.ts';
import { spawnServer } from '../support/mcp.ts';
import { replayOf } from '../support/power-cut.ts';
import { ALL_SERVICES } from '../support/services.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temp.ts';

const POINTS = Number(process.env['HEADWATER_TEST_POWER_CUTS'] ?? 60);
const SOURCES = 25;
const CALLS = 'openat,close,write,pwrite64,ftruncate,fsync,fdatasync,unlink,link,rename';

const strace = await promisify(execFile)('strace', ['--version']).then(
  () => true,
  () => false,
);

/** Traces a server while a client creates, changes and deletes sources; answers with the trace, and what was deleted, in order. */
async function tracedWork(folder: string, home: string): Promise<{ trace: string; deletions: string[] }> {
  const trace = join(folder, 'trace');
  const server = await spawnServer({ env: { HEADWATER_HOME: home } });
  await server.initialize();
  const tracer = spawn('strace', [
    '-f',
    '-xx',
    '-s',
    '4194304',
    '-e',
    `trace=${CALLS}`,
    '-o',
    trace,
    '-p',
    String(server.pid),
  ]);
  await once(tracer.stderr, 'data');
  const ids: string[] = [];
  const deletions: string[] = [];
  for (let n = 0; n < SOURCES; n += 1) {
    const config = { host: 'db.example.com', database: 'd', username: 'u', password: `literal-${n}` };
    const args = { connector: 'postgresql', config, name: `Source ${n}`, run_test: false };
    const { result } = await server.request('tools/call', { name: 'create_source', arguments: args });
    const content = result?.['structuredContent'] as { source: { id: string } } | undefined;
    ids.push(content?.source.id ?? '');
    if (n % 3 === 2) {
      const change = { source_id: ids[n - 1], config: { password: `changed-${n}` }, run_test: false };
      await server.request('tools/call', { name: 'update_source', arguments: change });
    }
    if (n % 5 === 4) {
      const source_id = ids[n - 4] ?? '';
      deletions.push(source_id);
      const gone = { source_id, confirm: `Source ${n - 4}` };
      await server.request('tools/call', { name: 'delete_source', arguments: gone });
    }
  }
  const traced = once(tracer, 'close');
  await server.close();
  await traced;
  return { trace, deletions };
}

interface Told {
  /** Version of each source that was acknowledged and not deleted since. */
  versions: Map<string, number>;
  deleted: Set<string>;
  /** What may be gone already, although nobody was told yet. */
  deletedNext?: string | undefined;
}

/** What the client had been told. */
function toldOf(text: string, deletions: readonly string[]): Told {
  const told: Told = { versions: new Map(), deleted: new Set() };
  for (const line of text.split('\n')) {
    if (!line.endsWith('}')) continue;
    const content = (JSON.parse(line) as { result?: { structuredContent?: Record<string, unknown> } }).result
      ?.structuredContent;
    const source = content?.['source'] as { id: string; version: number } | undefined;
    if (source) told.versions.set(source.id, source.version);
    const gone = content?.['deleted'] === true ? deletions[told.deleted.size] : undefined;
    if (gone !== undefined) {
      told.deleted.add(gone);
      told.versions.delete(gone);
    }
  }
  return { ...told, deletedNext: deletions[told.deleted.size] };
}

/** Starts on what the disk holds, as after a reboot; answers with what is wrong. */
async function faultsAfterReboot(home: string, told: Told): Promise<string[]> {
  const faults: string[] = [];
  const app = createApp(readSettings({ HEADWATER_HOME: home, HEADWATER_LOG_LEVEL: 'silent' }));
  try {
    await app.checkStore();
    const { sources } = platformOf(app.services, 'local');
    for (const [id, version] of told.versions) {
      const stored = await sources
        .get({ principal: LOCAL_PRINCIPAL, signal: new AbortController().signal }, id)
        .catch(() => undefined);
      if (!stored && id === told.deletedNext) continue;
      if (!stored) faults.push(`${id} is gone`);
      else if (stored.source.version < version) faults.push(`${id} is as it was before its last change`);
      else if (!(await stored.config()).secrets['password']) faults.push(`${id} has lost its password`);
    }
    for (const id of told.deleted) {
      if (
        await sources
          .get({ principal: LOCAL_PRINCIPAL, signal: new AbortController().signal }, id)
          .catch(() => undefined)
      )
        faults.push(`${id} is back`);
    }
  } catch (error) {
    faults.push(String(error));
  } finally {
    await app.close();
  }
  return faults.length > 0 ? faults : await integrityFaults(join(home, 'headwater.db'));
}

async function integrityFaults(file: string): Promise<string[]> {
  const connection = await connect(file);
  try {
    const said = connection.value('PRAGMA integrity_check');
    return said === 'ok' ? [] : [String(said)];
  } finally {
    connection.close();
  }
}

describe.skipIf(!strace && !ALL_SERVICES)('a power cut', () => {
  let folder: TemporaryFolder;
  let trace: string;
  let deletions: string[];
  let home: string;
  beforeAll(async () => {
    folder = await temporaryFolder('power');
    home = join(folder.path, 'home');
    ({ trace, deletions } = await tracedWork(folder.path, home));
  }, 120_000);
  afterAll(() => folder.remove());

  it.each(['synced', 'at_once'] as const)(
    `at any of ${POINTS} points loses nothing that was acknowledged (names of files: %s)`,
    async (names) => {
      const replay = replayOf(trace, home);
      expect(replay.length).toBeGreaterThan(POINTS);
      const seen = { faults: [] as string[], most: 0 };
      for (let n = 1; n <= POINTS; n += 1) {
        const point = Math.ceil((replay.length * n) / POINTS);
        replay.advanceTo(point);
        const told = toldOf(replay.told, deletions);
        const image = join(folder.path, `${names}-${n}`);
        await replay.writeImage(image, names);
        const faults = await faultsAfterReboot(image, told);
        seen.faults.push(...faults.map((fault) => `point ${point}: ${fault}`));
        seen.most = Math.max(seen.most, told.versions.size);
        await rm(image, { recursive: true, force: true });
      }
      expect(seen).toEqual({ faults: [], most: expect.any(Number) });
      expect(seen.most).toBeGreaterThan(SOURCES / 2);
    },
    300_000,
  );

  it('would be seen: without the last sync of each commit something is lost', async () => {
    const replay = replayOf(trace, home, { lostSyncs: /headwater\.db$/ });
    replay.advanceTo(replay.length);
    const image = join(folder.path, 'unsynced');
    await replay.writeImage(image, 'at_once');
    expect(await faultsAfterReboot(image, toldOf(replay.told, deletions))).not.toEqual([]);
  });
});
