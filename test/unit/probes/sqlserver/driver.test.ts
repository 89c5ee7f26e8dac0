import { Connection, Request } from 'tedious';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, type Certificate, createAuthority } from '../../../support/certificates.ts';
import { startTdsServer, type TdsReply, type TdsServer, type TdsServerOptions } from '../../../support/tds-server.ts';

/** A driver that many use takes the tests' server for one: what the probe is tested against is TDS. */

const PASSWORD = "it's ]the[ pässword";
let authority: Authority;
let certificate: Certificate;
const servers: TdsServer[] = [];
beforeAll(async () => {
  authority = await createAuthority();
  certificate = await authority.issue({ names: ['localhost'] });
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));

async function start(options: TdsServerOptions): Promise<TdsServer> {
  const server = await startTdsServer({ certificate, ...options });
  servers.push(server);
  return server;
}

type Rows = readonly (readonly unknown[])[];

/** What the driver gets for a statement. */
function ask({ port }: TdsServer, encrypt: boolean | 'strict', statement: string): Promise<Rows> {
  const connection = new Connection({
    server: 'localhost',
    authentication: { type: 'default', options: { userName: 'reader', password: PASSWORD } },
    options: {
      port,
      encrypt,
      database: 'shop',
      connectTimeout: 3000,
      cryptoCredentialsDetails: { ca: authority.certPem },
      trustServerCertificate: false,
    },
  });
  return new Promise<Rows>((resolve, reject) => {
    const rows: unknown[][] = [];
    connection.on('error', reject);
    connection.connect((failed) => {
      if (failed) return reject(failed);
      const request = new Request(statement, (error) => (error ? reject(error) : resolve(rows)));
      request.on('row', (columns: { value: unknown }[]) => rows.push(columns.map(({ value }) => value)));
      connection.execSqlBatch(request);
    });
  }).finally(() => connection.close());
}

const ROWS = [
  ['first', null],
  [null, 'ü'.repeat(3000)],
  ['', '🙂'],
];
const answer = (statement: string): TdsReply => {
  if (/^set /i.test(statement.trim())) return { columns: [], rows: [] };
  if (/nowhere/.test(statement)) return { error: { number: 208, message: "Invalid object name 'nowhere'.", state: 1 } };
  return { columns: ['a', 'b'], rows: ROWS };
};

describe('the driver', () => {
  test.each([
    ['with TLS', 'optional', true],
    ['without', 'optional', false],
    ['with TLS that is forced', 'forced', true],
    ['with TLS first', 'strict', 'strict'],
  ] as const)('logs in and reads, %s', async (_, encryption, encrypt) => {
    const server = await start({ encryption, answer });
    expect(await ask(server, encrypt, 'SELECT a, b FROM t')).toEqual(ROWS);
    expect(server.logins).toEqual([
      { username: 'reader', password: PASSWORD, database: 'shop', server: 'localhost', application: 'Tedious' },
    ]);
    expect(server.heard.every(({ encrypted }) => encrypted === (encrypt !== false))).toBe(true);
  });

  test('is told that it must encrypt', async () => {
    await expect(ask(await start({ encryption: 'forced', answer }), false, 'SELECT 1')).rejects.toThrow(/encrypt/);
  });

  test('reads errors of logins and of statements', async () => {
    const login = () => [{ number: 18456, message: "Login failed for user 'reader'.", state: 8 }];
    await expect(ask(await start({ login }), true, 'SELECT 1')).rejects.toThrow("Login failed for user 'reader'.");
    const server = await start({ answer });
    await expect(ask(server, true, 'SELECT * FROM nowhere')).rejects.toMatchObject({ number: 208, class: 14 });
  });

  test('goes where it is sent', async () => {
    const there = await start({ answer });
    const here = await start({ login: () => ({ routeTo: { host: 'localhost', port: there.port } }) });
    expect(await ask(here, true, 'SELECT a, b FROM t')).toEqual(ROWS);
    expect(there.logins).toHaveLength(1);
  });
});
