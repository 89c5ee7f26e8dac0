import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSecret } from '../../src/connectors/fields.ts';
import { CONNECTORS } from '../../src/connectors/index.ts';
import { fieldsByPath } from '../../src/connectors/paths.ts';
import { type CanaryConfig, canariesIn, canaryConfigs } from '../support/canaries.ts';
import {
  ECHOES,
  ECHOES_BY_HOST,
  ECHOES_BY_URL,
  type EchoServer,
  NARROW_ECHOES,
  startEcho,
  tlsEcho,
} from '../support/echo-servers.ts';
import { closedPort } from '../support/hostile-servers.ts';
import { connectV2 } from '../support/mcp.ts';
import { spawnProcess } from '../support/server-process.ts';
import { SSH_ECHOES } from '../support/ssh-echoes.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temp.ts';

/**
 * Every secret field of every connector, against servers that know the secret and write it in every encoding wherever
 * their protocol takes text: it is found in no answer, no notification, no log line and no file.
 */

const CONFIGS = canaryConfigs(CONNECTORS);
/** For certificates, whose names hold little. */
const NAMES = canaryConfigs(CONNECTORS, 'plain');
const ALL = [...CONFIGS, ...NAMES].flatMap(({ canaries }) => canaries);
const ENV = {
  HEADWATER_LOG_LEVEL: 'debug',
  HEADWATER_EGRESS: 'allow_private',
  HEADWATER_TEST_LIMIT: '100000',
};

let folder: TemporaryFolder;
let session: Awaited<ReturnType<typeof connectV2>>;
const servers: EchoServer[] = [];
/** What was said, by what it was said to. */
const said: Record<string, string> = {};

beforeAll(async () => {
  folder = await temporaryFolder('canaries');
  session = await connectV2({ env: { ...ENV, HEADWATER_HOME: folder.path } });
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await folder.remove();
});

function echoesOf({ connector, label }: CanaryConfig) {
  if (label.includes(' ssh_')) return SSH_ECHOES;
  const own = ECHOES[connector.code];
  if (own) return own;
  return Object.values(connector.fields).some(({ facts }) => facts.role === 'url') ? ECHOES_BY_URL : ECHOES_BY_HOST;
}

async function echo(talk: Parameters<typeof startEcho>[0], canaries: readonly string[]): Promise<EchoServer> {
  const server = await startEcho(talk, canaries);
  servers.push(server);
  return server;
}

async function call(label: string, tool: string, args: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { text, structured } = await session.call(tool, args, { onprogress: () => {} });
  said[`${label}: ${tool}`] = `${said[`${label}: ${tool}`] ?? ''}${text}`;
  return structured ?? {};
}

/** A source that is stored, edited, tested, read, and shown, with a server behind it that answers as it likes. */
async function life(label: string, connector: string, config: Record<string, unknown>): Promise<void> {
  const { source } = await call(label, 'create_source', { connector, config, name: label, run_test: false });
  const source_id = (source as { id: string } | undefined)?.id;
  if (source_id === undefined) throw new Error(`${label}: ${JSON.stringify(said[`${label}: create_source`])}`);
  await call(label, 'test_connection', { source_id, timeout_s: 2 });
  await call(label, 'update_source', { source_id, desired_state: 'Pending' });
  await call(label, 'update_source', { source_id, desired_state: 'Active' });
  await call(label, 'discover_source', { source_id });
  await call(label, 'preview_source', { source_id, stream: 'public.orders' });
  await call(label, 'get_source', { source_id });
  const { contents } = await session.client.readResource({ uri: `headwater://sources/${source_id}` });
  said[`${label}: resource`] = JSON.stringify(contents);
}

it('has a canary for every secret field there is', () => {
  const fields = CONNECTORS.flatMap((connector) =>
    [...fieldsByPath(connector)].flatMap(([path, { facts }]) => (isSecret(facts) ? [`${connector.code} ${path}`] : [])),
  );
  expect(fields.length).toBeGreaterThan(0);
  expect(CONFIGS.flatMap(({ canaries }) => canaries).length).toBeGreaterThanOrEqual(fields.length);
  expect(new Set(CONFIGS.map(({ connector }) => connector.code))).toEqual(
    new Set(fields.map((field) => field.split(' ')[0])),
  );
});

describe.each(CONFIGS.map((each) => [each.label, each] as const))('%s', (label, each) => {
  const { connector, canaries, at } = each;

  it('is not found, whatever the server makes of it', async () => {
    const variants = Object.entries(echoesOf(each));
    await Promise.all(
      variants.map(async ([what, talk]) => {
        const server = await echo(talk, canaries);
        const config = at(server);
        const name = `${label}, ${what}`;
        await call(name, 'test_connection', { connector: connector.code, config, timeout_s: 2 });
        if (connector.capabilities.includes('discover'))
          await call(name, 'discover_source', { connector: connector.code, config });
        expect([name, server.connections > 0]).toEqual([name, true]);
      }),
    );
    const names = variants.map(([what]) => `${label}, ${what}`);
    const own = Object.fromEntries(Object.entries(said).filter(([place]) => names.some((n) => place.startsWith(n))));
    expect(canariesIn(own, canaries)).toEqual([]);
  });

  it('is not found along the life of a source', async () => {
    const variants = Object.values(echoesOf(each));
    const server = await echo(variants.at(-1) ?? (() => {}), canaries);
    await life(label, connector.code, at(server));
    await call(label, 'create_source', { connector: connector.code, config: at(server), name: `${label} again` });
    const own = Object.fromEntries(Object.entries(said).filter(([place]) => place.startsWith(`${label}: `)));
    expect(canariesIn(own, canaries)).toEqual([]);
  });

  it('is not found where nobody answers, nothing resolves, or the config is wrong', async () => {
    const nobody = { host: '127.0.0.1', port: await closedPort() };
    const secretPath = label.split(' ')[1] ?? '';
    for (const config of [
      at(nobody),
      at({ host: 'nothing.invalid', port: 5 }),
      { ...at(nobody), nonsense: canaries[0], [`${secretPath}x`]: canaries[0] },
      { ...at(nobody), [secretPath]: [canaries[0]] },
      { ...at(nobody), [secretPath]: { value: canaries[0] } },
      { ...at(nobody), [secretPath]: `\${env:${canaries[0]}}` },
      { ...at(nobody), [secretPath]: `\${file:relative/${canaries[0]}` },
    ]) {
      await call(`${label} (wrong)`, 'test_connection', { connector: connector.code, config, timeout_s: 1 });
      await call(`${label} (wrong)`, 'create_source', { connector: connector.code, config, name: `${label} wrong` });
    }
    const own = Object.fromEntries(Object.entries(said).filter(([place]) => place.startsWith(`${label} (wrong)`)));
    expect(canariesIn(own, canaries)).toEqual([]);
  });
});

it.each(NAMES.map((each) => [each.label, each] as const))(
  '%s is not found from a certificate or an address',
  async (label, each) => {
    const { connector, canaries, at } = each;
    const narrow = connector.fields['host'] ? NARROW_ECHOES.mysql : NARROW_ECHOES.url;
    const talks = { certificate: await tlsEcho(canaries[0] ?? '', connector.code), narrow };
    for (const [what, talk] of Object.entries(talks)) {
      const server = await echo(talk, canaries);
      const config = at({ ...server, tls: what === 'certificate' });
      await call(`${label}, ${what}`, 'test_connection', { connector: connector.code, config, timeout_s: 2 });
    }
    const own = Object.fromEntries(Object.entries(said).filter(([place]) => place.startsWith(`${label}, `)));
    expect(canariesIn(own, canaries)).toEqual([]);
  },
);

it('headwater test and headwater sources say nothing of it, to machines and to people', async () => {
  const firsts = CONNECTORS.flatMap(({ code }) => CONFIGS.filter(({ connector }) => connector.code === code).slice(-1));
  await Promise.all(
    firsts.map(async (each, i) => {
      const { label, connector, canaries, at } = each;
      const flags = i % 2 === 0 ? ['--json'] : [];
      const variants = Object.values(echoesOf(each));
      const server = await echo(variants[(i * 5) % variants.length] ?? (() => {}), canaries);
      const args = ['test', connector.code, '--config', '-', ...flags];
      const child = await spawnProcess({ args, env: ENV });
      child.write(JSON.stringify(at(server)));
      child.endInput();
      await child.exited;
      said[`${label}: ${args.join(' ')}`] = child.stdoutRaw().join('\n') + child.stderr();
      expect(said[`${label}: ${args.join(' ')}`]).toMatch(/\w/);
      await child.close();
    }),
  );
  for (const flags of [['--json'], []]) {
    const listed = await spawnProcess({
      args: ['sources', '--limit', '100', ...flags],
      env: { ...ENV, HEADWATER_HOME: folder.path },
    });
    await listed.exited;
    said[`sources ${flags}`] = listed.stdoutRaw().join('\n') + listed.stderr();
    await listed.close();
    expect(said[`sources ${flags}`]).toContain('webhook auth basic');
  }
  expect(canariesIn(said, ALL)).toEqual([]);
});

it('is in no line of the process, and in no byte of its folder', async () => {
  await call('all', 'list_sources', { limit: 100 });
  await session.close();
  const files = await readdir(folder.path, { recursive: true });
  const stored = await Promise.all(files.map((file) => readFile(join(folder.path, file)).catch(() => Buffer.alloc(0))));
  const places = {
    stdout: session.stdoutRaw().join('\n'),
    stderr: session.stderr(),
    ...Object.fromEntries(files.map((file, i) => [file, stored[i]?.toString('latin1') ?? ''])),
  };
  expect(places.stdout).toContain('notifications/progress');
  expect(places.stdout.length).toBeGreaterThan(100_000);
  expect(files.length).toBeGreaterThan(1);
  expect(canariesIn(places, ALL)).toEqual([]);
});
