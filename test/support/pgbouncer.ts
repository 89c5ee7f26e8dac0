import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { vi } from 'vitest';
import { freePort } from './ports.ts';
import type { TestPostgres } from './postgres.ts';
import { SERVICES } from './services.ts';
import { temporaryFolder } from './temp.ts';
import { serverTmpdir, unprivileged } from './unprivileged.ts';

export interface Pooler {
  port: number;
  /** Asks through the pooler, over the one connection that it has. */
  query(sql: string): Promise<unknown[]>;
  stop(): Promise<void>;
}

/** Debian's PgBouncer in front of a server, with one connection to it. */
export async function startPooler(options: {
  server: TestPostgres;
  mode: string;
  user: string;
  password: string;
}): Promise<Pooler> {
  const { server, mode, user, password } = options;
  const folder = await temporaryFolder('pgbouncer', serverTmpdir());
  const port = await freePort();
  const users = join(folder.path, 'users.txt');
  const config = join(folder.path, 'pgbouncer.ini');
  await writeFile(users, `"${user}" "${password}"\n`);
  await writeFile(
    config,
    `[databases]\n* = host=127.0.0.1 port=${server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\n` +
      `auth_type = scram-sha-256\nauth_file = ${users}\npool_mode = ${mode}\ndefault_pool_size = 1\nunix_socket_dir =\n`,
  );
  if (unprivileged)
    for (const path of [folder.path, users, config]) await chown(path, unprivileged.uid, unprivileged.gid);
  const program = join(SERVICES.find(({ name }) => name === 'PgBouncer')?.find() ?? '', 'pgbouncer');
  const child = spawn(program, ['-q', config], { cwd: folder.path, stdio: 'ignore', ...unprivileged });
  const query = async (sql: string) => {
    const client = new pg.Client({ host: '127.0.0.1', port, user, password, database: user });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  };
  await vi.waitFor(() => query('SELECT 1'), 5000);
  return {
    port,
    query,
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      await folder.remove();
    },
  };
}
