import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RawServer, spawnServer } from '../support/mcp.ts';
import { projectRoot } from '../support/root.ts';
import { ALL_SERVICES } from '../support/services.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temp.ts';

/** A user's own mounts: Linux with user namespaces. */
const canMount = await promisify(execFile)('unshare', ['-rm', 'true']).then(
  () => true,
  () => false,
);

describe.skipIf(!canMount && !ALL_SERVICES)('a full disk', () => {
  let folder: TemporaryFolder;
  let server: RawServer;
  /** The small disk as the server sees it, from outside of its mounts. */
  let disk: string;

  beforeEach(async () => {
    folder = await temporaryFolder('disk');
    const wrapper = join(folder.path, 'server.mjs');
    const home = join(folder.path, 'home');
    const mount = `mkdir ${home} && mount -t tmpfs -o size=512k,mode=0700 tmpfs ${home} && exec "$0" "$@"`;
    const command = ['-rm', 'sh', '-c', mount, process.execPath, join(projectRoot, 'dist', 'cli.js')];
    await writeFile(
      wrapper,
      `import { spawn } from 'node:child_process';
       const child = spawn('unshare', ${JSON.stringify(command)}, { stdio: 'inherit' });
       child.on('exit', (code) => process.exit(code ?? 1));
       process.on('SIGTERM', () => child.kill());`,
    );
    server = await spawnServer({ script: wrapper, env: { HEADWATER_HOME: home } });
    await server.initialize();
    const child = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8');
    disk = join('/proc', child.trim(), 'root', home);
  });
  afterEach(async () => {
    await server.close();
    await folder.remove();
  });

  const create = async (n: number) => {
    const config = { host: 'db.example.com', database: 'd', username: 'u', password: `literal-${n}` };
    const args = { connector: 'postgresql', config, name: `Source ${n}`, run_test: false };
    return await toolCall('create_source', args);
  };
  const toolCall = async (name: string, args: Record<string, unknown>) => {
    const { result } = await server.request('tools/call', { name, arguments: args });
    const [block] = (result?.['content'] ?? []) as { text: string }[];
    return JSON.parse(block?.text ?? '{}') as {
      source?: { id: string };
      sources?: { id: string }[];
      total?: number;
      error?: { code: string; message: string; hint: string };
    };
  };

  it('refuses writes with the reason, loses nothing, and goes on once there is room', async () => {
    const kept: string[] = [];
    kept.push((await create(0)).source?.id ?? '');
    await writeFile(join(disk, 'filler'), Buffer.alloc(1024 * 1024)).catch(() => {});

    let refused: Awaited<ReturnType<typeof create>> | undefined;
    for (let n = 1; n < 200 && !refused; n += 1) {
      const answer = await create(n);
      if (answer.error) refused = answer;
      else kept.push(answer.source?.id ?? '');
    }
    expect(refused?.error).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/full|no space/i),
    });
    expect(JSON.stringify(refused)).not.toContain(folder.path);
    for (const id of kept) expect((await toolCall('get_source', { source_id: id })).source?.id).toBe(id);

    await rm(join(disk, 'filler'));
    const after = await create(1000);
    expect(after.source?.id).toMatch(/^src_/);
    expect((await toolCall('list_sources', {})).total).toBe(kept.length + 1);
  });

  it('from the beginning: nothing is half made, and the next try finds room', async () => {
    await writeFile(join(disk, 'filler'), Buffer.alloc(1024 * 1024)).catch(() => {});
    expect((await create(1)).error).toMatchObject({ code: expect.stringMatching(/STORE_UNAVAILABLE|KEY_UNAVAILABLE/) });
    await rm(join(disk, 'filler'));
    expect((await create(2)).source?.id).toMatch(/^src_/);
    expect((await toolCall('list_sources', {})).total).toBe(1);
  });
});
