import { createServer } from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import { createMachine, type Machine } from '../../../../src/net/machine.ts';
import type { Report } from '../../../../src/probes/report.ts';
import { selfSigned } from '../../../support/certificates.ts';
import * as hostile from '../../../support/hostile-servers.ts';
import { freePort, portOf } from '../../../support/ports.ts';
import { type ConfigInput, createLab, dnsError, type LabOptions } from '../lab.ts';
import { READER } from '../rows.ts';
import { startGreetingServer, startRefusingPostgres } from '../servers.ts';

/** What a report makes of everything it has seen. The sockets go to servers on loopback; the names are as people have them. */

const machine = (more: Partial<Machine> = {}): Machine => ({
  ...createMachine({ outgoing: [] }),
  inContainer: () => false,
  hasIpv6: () => true,
  ...more,
});

async function run(config: ConfigInput, lab: LabOptions = {}, timeoutS = 0.6): Promise<Report> {
  return createLab({ machine: machine(), ...lab }).test({ ...READER, ...config }, { timeoutS });
}

const failed = (report: Report) => report.steps.find(({ status }) => status === 'fail');
const first = (report: Report) => report.causes?.[0];

describe('a name that does not exist', () => {
  const nowhere = { lookup: () => Promise.reject(dnsError('ENOTFOUND')) };

  test.each([
    ['shop.cabc.eu-west-1.rds.amazonaws.co', /misspelt/, /shop\.cabc\.eu-west-1\.rds\.amazonaws\.com/, ['host']],
    ['shop.cabc.eu-west-1.rds.amazonaws.com', /Amazon RDS.*deleted or renamed/, /console/, ['host']],
    ['postgres', /private network/, /SSH tunnel/, ['host']],
    ['db.prod.internal', /private network/, /SSH tunnel/, ['host']],
    ['xy12345.eu-central-1', /Snowflake account/, /PostgreSQL server/, ['host']],
    [
      'xy12345.eu-central-1.snowflakecomputing.com',
      /Snowflake, which does not speak/,
      /Choose the connector for Snowflake/,
      ['host'],
    ],
    ['dbc-12.cloud.databricks.com', /Databricks, which does not speak/, /Databricks/, ['host']],
  ])('%s', async (host, cause, fix, fields) => {
    const report = await run({ host }, nowhere);
    expect(failed(report)).toMatchObject({ id: 'dns', code: 'DNS_NOT_FOUND', actor: 'user', fields });
    expect(first(report)).toMatchObject({ likelihood: 'likely', cause: expect.stringMatching(cause) });
    // The one thing to do is that of the likely cause, wherever it is read.
    expect(failed(report)?.fix?.text).toMatch(fix);
    expect(report.headline).toMatch(fix);
  });

  test('a name of no form that is known leaves nothing but its spelling', async () => {
    const report = await run({ host: 'db.example.com' }, nowhere);
    expect(report.causes).toBeUndefined();
    expect(failed(report)?.fix?.text).toMatch(/Check the spelling/);
  });
});

describe('a port that refuses', () => {
  test('localhost inside of a container', async () => {
    const port = await freePort();
    const report = await run({ host: 'localhost', port }, { machine: machine({ inContainer: () => true }) });
    expect(failed(report)).toMatchObject({ code: 'TCP_REFUSED', fields: ['port', 'host'] });
    expect(first(report)).toMatchObject({
      cause: 'Headwater runs in a container, and localhost is the container itself',
      fix: expect.stringContaining('host.docker.internal'),
      fields: ['host'],
    });
  });

  test('outside of one, nobody speaks of containers', async () => {
    const report = await run({ host: 'localhost', port: await freePort() });
    expect(JSON.stringify(report)).not.toContain('container');
    expect(first(report)).toMatchObject({ cause: expect.stringContaining('5432'), fields: ['port'] });
    expect(report.causes?.at(-1)).toMatchObject({ actor: 'dba', tell_apart: expect.stringContaining('ss -ltn') });
  });
});

describe('no answer', () => {
  const dropped = (addresses: readonly string[], more: Partial<Machine> = {}, host = 'db.example.com') => ({
    names: { [host]: addresses },
    dropped: true,
    machine: machine(more),
  });

  test('from a host that has IPv6 only, where this machine has none', async () => {
    const report = await run({ host: 'db.example.com' }, dropped(['2606:4700::1111'], { hasIpv6: () => false }));
    expect(failed(report)?.code).toBe('TCP_TIMEOUT');
    expect(first(report)).toMatchObject({
      likelihood: 'certain',
      cause: expect.stringContaining('IPv6 addresses only'),
    });
  });

  test("Supabase's direct host says what to do about it", async () => {
    const host = 'db.abcdefghijkl.supabase.co';
    const report = await run({ host }, dropped(['2606:4700::1111'], { hasIpv6: () => false }, host));
    expect(report.provider).toMatchObject({ code: 'supabase', name: 'Supabase' });
    expect(failed(report)?.fix?.text).toMatch(/session pooler/);
    expect(report.causes?.map(({ cause }) => cause).join()).toMatch(/direct host of Supabase/);
  });

  test('RDS: its security group, for the cloud administrator, with what to open', async () => {
    const host = 'shop.cabc.eu-west-1.rds.amazonaws.com';
    const own = { sourceTowards: async () => '192.0.2.7' };
    const report = await run({ host }, dropped(['93.184.216.34'], own, host));
    expect(failed(report)).toMatchObject({ code: 'TCP_TIMEOUT', actor: 'cloud_admin' });
    const letter = report.handoff?.find(({ actor }) => actor === 'cloud_admin');
    expect(letter?.format).toBe('text');
    expect(letter?.text).toContain('- from 192.0.2.7 (the address of the machine that runs Headwater');
    expect(letter?.text).toContain(`- to ${host} (93.184.216.34), TCP port ${READER.port}`);
    expect(letter?.text).toContain('- where: an inbound rule of its security group');
    expect(letter?.text).toContain('ssh_host');
  });

  test('what the operator says of outgoing addresses comes first', async () => {
    const report = await run(
      { host: 'db.example.com' },
      dropped(['93.184.216.34'], { outgoing: ['203.0.113.7', '203.0.113.8'] }),
    );
    const letter = report.handoff?.find(({ actor }) => actor === 'network_admin');
    expect(letter?.text).toContain('- from 203.0.113.7, 203.0.113.8 (the addresses that Headwater connects from)');
    expect(letter?.text).toContain('- direction: the first one opens the connection');
  });

  test('behind an SSH server: the way to that one, which alone is dialled from here', async () => {
    const report = await run(
      { host: 'db.internal', ssh_host: 'bastion.example.com', ssh_username: 'app', ssh_password: 'a password' },
      dropped(['93.184.216.34'], { outgoing: ['203.0.113.7'] }, 'bastion.example.com'),
    );
    expect(failed(report)).toMatchObject({ code: 'SSH_TCP_TIMEOUT', actor: 'network_admin' });
    const letter = report.handoff?.find(({ actor }) => actor === 'network_admin');
    expect(letter?.text).toContain('- from 203.0.113.7 (the addresses that Headwater connects from)');
    expect(letter?.text).toContain('- to bastion.example.com, TCP port 22');
  });

  test('a private address', async () => {
    const report = await run({ host: 'db.example.com' }, dropped(['10.1.2.3']));
    expect(first(report)).toMatchObject({ likelihood: 'likely', evidence: ['db.example.com is 10.1.2.3'] });
    expect(first(report)?.cause).toMatch(/private/);
  });
});

describe('another server', () => {
  const running: { stop: () => Promise<unknown> }[] = [];
  afterAll(() => Promise.all(running.map((server) => server.stop())));

  test('HTTP', async () => {
    const server = await startGreetingServer('HTTP/1.1 400 Bad Request\r\n\r\n');
    running.push(server);
    const report = await run({ port: server.port });
    expect(first(report)).toMatchObject({ likelihood: 'likely', fields: ['port', 'host'] });
    expect(first(report)?.cause).toContain('web console');
  });

  test.each(['prefer', 'require', 'disable'])(
    'one that wants TLS from the first byte, tls_mode %s',
    async (tls_mode) => {
      const { certPem: cert, keyPem: key } = await selfSigned({ names: ['localhost'] });
      const server = createServer({ cert, key });
      server.on('tlsClientError', () => {});
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      running.push({ stop: () => new Promise((resolve) => server.close(resolve)) });
      const report = await run({ port: portOf(server.address()), tls_mode }, {}, 5);
      expect(failed(report)).toMatchObject({
        code: 'WRONG_PROTOCOL',
        message: expect.stringContaining('TLS from the first byte'),
      });
      expect(first(report)?.cause).toContain('wants TLS before the protocol begins');
    },
  );

  test('one that hangs up on everybody is still only that', async () => {
    const server = await hostile.startClosingServer();
    running.push(server);
    const report = await run({ port: server.port, tls_mode: 'require' }, {}, 5);
    expect(failed(report)?.code).toBe('CONNECTION_LOST');
    expect(report.causes?.every(({ likelihood }) => likelihood === 'possible')).toBe(true);
  });
});

describe('a login', () => {
  const rejected = (host: string, username: string) =>
    run({ host, username, password: 'wrong' }, { names: { [host]: ['93.184.216.34'] }, dialled: '127.0.0.1' }, 5);

  test('refused by an Azure firewall: no command for a pg_hba.conf that nobody can edit there', async () => {
    const said = 'no pg_hba.conf entry for host "203.0.113.9", user "reader", database "shop", no encryption';
    const refusing = await startRefusingPostgres({ code: '28000', message: said });
    const host = 'shop.postgres.database.azure.com';
    const lab = { names: { [host]: ['93.184.216.34'] }, dialled: '127.0.0.1' };
    try {
      const step = failed(await run({ host, port: refusing.port, tls_mode: 'prefer' }, lab, 5));
      expect(step).toMatchObject({ code: 'HOST_NOT_PERMITTED', actor: 'cloud_admin' });
      expect(step?.fix).toEqual({ text: expect.stringMatching(/firewall rule/) });
      const elsewhere = failed(await run({ port: refusing.port, tls_mode: 'prefer' }, {}, 5));
      expect(elsewhere).toMatchObject({ code: 'HOST_NOT_PERMITTED', actor: 'dba' });
      expect(elsewhere?.fix?.command).toContain('203.0.113.9/32');
    } finally {
      await refusing.stop();
    }
  });

  test('at no known provider: the causes that servers do not tell apart', async () => {
    const report = await rejected('db.example.com', READER.username);
    expect(failed(report)).toMatchObject({ code: 'AUTH_REJECTED', fields: ['username', 'password'], actor: 'user' });
    expect(report.causes?.map(({ likelihood }) => likelihood)).toEqual(['possible', 'possible', 'possible']);
    expect(first(report)).toMatchObject({ fields: ['password'], tell_apart: expect.stringContaining('psql') });
  });

  test('with a password that was stored with its line end', async () => {
    const report = await run({ password: `${READER.password}\n` }, {}, 5);
    expect(first(report)).toMatchObject({ likelihood: 'likely', fields: ['password'] });
    expect(failed(report)?.fix?.text).toMatch(/printf in place of echo/);
    expect(JSON.stringify(report)).not.toContain(READER.password);
  });

  test("at Supabase's pooler, by a user without a project", async () => {
    const report = await rejected('aws-0-eu-central-1.pooler.supabase.com', 'postgres');
    expect(failed(report)).toMatchObject({ fields: expect.arrayContaining(['username']), actor: 'user' });
    expect(failed(report)?.fix?.text).toMatch(/postgres\.PROJECT/);
    expect(first(report)?.likelihood).toBe('likely');
  });

  test.each([
    ['reader', /reader@shop/],
    ['reader@shop', /name alone: reader/],
  ])('at Azure, as %s', async (username, fix) => {
    const report = await rejected('shop.postgres.database.azure.com', username);
    expect(report.causes?.map(({ fix: text }) => text).join('\n')).toMatch(fix);
    // Which of the two kinds of server it is, nobody can see from here: no cause is called likely.
    expect(first(report)?.likelihood).toBe('possible');
  });
});
