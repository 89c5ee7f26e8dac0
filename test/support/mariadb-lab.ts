import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { mariadb } from '../../src/connectors/databases/mariadb.ts';
import type { HandoffLetter, Report, Step } from '../../src/probes/report.ts';
import { createLab, expectClosed } from '../unit/probes/lab.ts';
import { type MariadbOptions, startMariadb, type TestMariadb } from './mariadb.ts';

const run = promisify(execFile);

/** Every account of the lab has it; no script does. */
export const PASSWORD = 'known-to-nobody-else';
const DEBIAN = '/etc/mysql/mariadb.conf.d';

/** A real MariaDB, our own server, and the people who do what a report says. */
export interface MariadbLab {
  server: TestMariadb;
  test(config: Record<string, unknown>, checks?: readonly string[]): Promise<Report>;
  /** What a test must leave as it was: definitions, accounts, rights, settings; with `position`, the log as well. */
  dump(options?: { position?: boolean }): Promise<string>;
  /** Does what a step prints: its SQL in the client, its command in a shell, a restart where it asks for one. */
  apply(step: Step): Promise<void>;
  /** Runs a script as the administrator who was sent it; then does what its comments leave to a person. */
  runScript(letter: HandoffLetter | undefined): Promise<void>;
  /** Runs what a script says that takes it back. */
  rollBack(letter: HandoffLetter | undefined): Promise<void>;
  stop(): Promise<void>;
}

export async function startLab(options: MariadbOptions): Promise<MariadbLab> {
  const server = await startMariadb(options);
  const base = { host: '127.0.0.1', port: server.port, database: 'shop', username: 'reader', password: PASSWORD };

  /** The passwords that a script leaves to a person, in its comments or in what it prints. */
  const byHand = async (script: string, printed: string) => {
    const lines = [...script.matchAll(/^-- (ALTER USER .*)$/gm), ...printed.matchAll(/^(ALTER USER .*)$/gm)];
    for (const [, statement = ''] of lines) {
      if (statement.includes("'...'")) await server.sql(statement.replace("'...'", `'${PASSWORD}'`));
    }
  };
  const sql = async (script: string) => byHand(script, await server.sql(script));
  const shell = (command: string) => run('/bin/sh', ['-c', command.replaceAll(DEBIAN, server.settingsFolder)]);

  return {
    server,
    async test(config, checks = []) {
      const given = Object.entries({ ...base, ...config }).filter(([, value]) => value !== undefined);
      // Each as if it were the first: nothing remembers that a login was refused.
      const lab = createLab({ connector: mariadb });
      const report = await lab.test(Object.fromEntries(given), { checks: [...checks], timeoutS: 20 });
      await expectClosed(lab);
      expect(JSON.stringify(report)).not.toContain(PASSWORD);
      return report;
    },
    async dump({ position = false } = {}) {
      const flags = ['--no-defaults', `--socket=${server.socket}`, '--user=root', '--all-databases', '--no-data'];
      const { stdout: definitions } = await run('/usr/bin/mariadb-dump', [...flags, '--skip-dump-date'], {
        maxBuffer: 64 * 1024 * 1024,
      });
      const rest = [...RIGHTS, ...(position ? ['SHOW GLOBAL VARIABLES', 'SHOW MASTER STATUS'] : [SETTINGS])];
      return [definitions, ...(await Promise.all(rest.map((statement) => server.sql(statement))))].join('\n');
    },
    async apply({ fix }) {
      if (fix?.sql !== undefined) await sql(fix.sql);
      if (fix?.command === undefined) return;
      await shell(fix.command);
      if (fix.text.includes('restart')) await server.restart();
    },
    async runScript(letter) {
      expect(letter?.format).toBe('sql');
      await sql(letter?.text ?? '');
    },
    async rollBack(letter) {
      const back = (letter?.text ?? '').split('-- To take it back:\n')[1] ?? '';
      await server.sql(back.replaceAll(/^-- ?/gm, ''));
    },
    async stop() {
      await server.stop();
    },
  };
}

/** When a password was set, and by which version an account was written, is not what it is. */
const RIGHTS = [
  "SELECT Host, User, JSON_REMOVE(Priv, '$.password_last_changed', '$.version_id') FROM mysql.global_priv ORDER BY 1, 2",
  'SELECT * FROM mysql.db ORDER BY Host, Db, User',
  'SELECT Host, Db, User, Table_name, Table_priv, Column_priv FROM mysql.tables_priv ORDER BY 1, 2, 3, 4',
  'SELECT Host, Db, User, Table_name, Column_name, Column_priv FROM mysql.columns_priv ORDER BY 1, 2, 3, 4, 5',
];
const SETTINGS = "SHOW GLOBAL VARIABLES WHERE Variable_name NOT LIKE 'gtid%'";

/** An account that may log in from here alone. */
export function account(name: string, grants: readonly string[], extra = ''): string {
  const who = `\`${name}\`@\`127.0.0.1\``;
  const lines = [
    `CREATE USER ${who} IDENTIFIED BY '${PASSWORD}' ${extra}`,
    ...grants.map((each) => `GRANT ${each} TO ${who}`),
  ];
  return lines.map((line) => `${line};`).join('\n');
}

export const CAPTURE = 'RELOAD, REPLICATION SLAVE, BINLOG MONITOR ON *.*';

export const failuresOf = ({ steps }: Report) => steps.filter(({ status }) => status === 'fail');
export const warningsOf = ({ steps }: Report) => steps.filter(({ status }) => status === 'warn');
export const toTheDba = ({ handoff }: Report) => handoff?.find(({ actor }) => actor === 'dba');

/** Passes connections on, as if they came from that address of this machine. */
export async function startRelay(
  port: number,
  localAddress: string,
): Promise<{ port: number; stop: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const relay = createServer((near) => {
    const far = connect({ port, host: '127.0.0.1', localAddress });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const address = relay.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => relay.close(resolve));
    },
  };
}

/** A connection of the account's that stays until `end`. */
export async function holdConnection(server: TestMariadb, username: string): Promise<{ end: () => Promise<void> }> {
  const flags = ['--no-defaults', '--host=127.0.0.1', `--port=${server.port}`, `--user=${username}`, '--batch'];
  const client = spawn('/usr/bin/mariadb', [...flags, '--unbuffered'], { env: { MYSQL_PWD: PASSWORD } });
  client.stdin.write('SELECT 1;\n');
  await once(client.stdout, 'data');
  return {
    async end() {
      client.stdin.end();
      await once(client, 'close');
    },
  };
}
