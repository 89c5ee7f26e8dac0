import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mongodb } from '../../../../src/connectors/databases/mongodb.ts';
import { standsInDomain } from '../../../../src/net/srv.ts';
import { selfSigned } from '../../../support/certificates.ts';
import { closedPort } from '../../../support/hostile-servers.ts';
import { type FakeMongodb, startFakeMongodb } from '../../../support/mongodb-server.ts';
import { createLab, expectClosed, type LabOptions, stepOf } from '../lab.ts';
import { PASSWORD, READER, SHOP } from './rows.ts';

let server: FakeMongodb;
let secure: FakeMongodb;
beforeAll(async () => {
  const all = { users: [READER], databases: SHOP };
  server = await startFakeMongodb(all);
  secure = await startFakeMongodb({ ...all, tls: await selfSigned({ names: ['localhost'] }) });
});
afterAll(async () => {
  await Promise.all([server.stop(), secure.stop()]);
});

const here = (...names: string[]) => ({ names: Object.fromEntries(names.map((name) => [name, ['127.0.0.1']])) });
const base = { username: 'reader', password: PASSWORD, database: 'shop', tls_mode: 'disable' };

async function tested(config: Record<string, unknown>, options: LabOptions) {
  const lab = createLab({ connector: mongodb, ...options });
  const report = await lab.test({ ...base, ...config });
  await expectClosed(lab);
  return { report, dials: lab.dials, failed: report.steps.find(({ status }) => status === 'fail') };
}

describe('several hosts', () => {
  test('each is dialled, and the first of the list that answers is talked to', async () => {
    const config = { host: 'm1.example.com', port: server.port, members: [`m2.example.com:${server.port}`] };
    const { report, dials } = await tested(config, here('m1.example.com', 'm2.example.com'));
    expect(report).toMatchObject({ verdict: 'ok' });
    expect(dials).toBe(2);
    expect(stepOf(report, 'dns').evidence).toBe('2 hosts');
  });

  test('one that cannot be reached, or is not to be found, is a warning', async () => {
    const port = await closedPort();
    const config = { host: 'm1.example.com', port, members: [`m2.example.com:${server.port}`, 'gone.example.com'] };
    const { report } = await tested(config, here('m1.example.com', 'm2.example.com'));
    expect(report).toMatchObject({ ok: true, verdict: 'ok_with_warnings' });
    expect(stepOf(report, 'dns')).toMatchObject({ status: 'warn', code: 'MEMBER_UNREACHABLE', actor: 'network_admin' });
    expect(stepOf(report, 'tcp')).toMatchObject({ status: 'warn', code: 'MEMBER_UNREACHABLE' });
    expect(stepOf(report, 'tcp').message).toContain(`m1.example.com:${port}`);
  });

  test('none that can be reached, or found, is a failure', async () => {
    const [one, two] = [await closedPort(), await closedPort()];
    const refused = await tested(
      { host: 'm1.example.com', port: one, members: [`m1.example.com:${two}`] },
      here('m1.example.com'),
    );
    expect(refused.failed).toMatchObject({ id: 'tcp', code: 'TCP_REFUSED' });
    const gone = await tested({ host: 'g1.example.com', members: ['g2.example.com'] }, here());
    expect(gone.failed).toMatchObject({ id: 'dns', code: 'DNS_NOT_FOUND' });
  });

  test('one that is not permitted is refused, and nothing is dialled', async () => {
    const names = { 'm1.example.com': ['93.184.216.34'], 'm2.example.com': ['192.168.0.4'] };
    for (const member of ['m2.example.com:27017', '127.0.0.1:27017', '169.254.169.254', 'localhost']) {
      const { failed, dials } = await tested(
        { host: 'm1.example.com', members: [member] },
        { names, egress: 'public_only' },
      );
      expect(failed).toMatchObject({ code: 'HOST_REFUSED' });
      expect(dials).toBe(0);
    }
  });
});

describe('an SRV address', () => {
  const srv = { host: 'cluster0.abcde.example.net', srv: true };
  const dns = (hosts: { name: string; port: number }[], texts: string[] = []): LabOptions => ({
    ...here('s0.abcde.example.net', 's1.abcde.example.net'),
    services: async (service, name) => {
      expect([service, name]).toEqual(['mongodb', 'cluster0.abcde.example.net']);
      return { hosts: hosts.map((each) => ({ ...each, port: each.port || server.port })), texts };
    },
  });
  const at = (name: string, port = 0) => ({ name, port });

  test('leads to its hosts, and says where users are kept', async () => {
    const found = dns([at('S0.abcde.example.net.'), at('s1.abcde.example.net')], ['authSource=admin&replicaSet=rs0']);
    const { report, dials } = await tested(srv, found);
    expect(report.verdict).toBe('ok');
    expect(dials).toBe(2);
    expect(stepOf(report, 'replica_set').evidence).toBe('rs0');
  });

  test('has TLS, where nothing else is said: prefer checks the certificate wholly', async () => {
    const found = dns([at('s0.abcde.example.net', secure.port)]);
    const { failed } = await tested({ ...srv, tls_mode: 'prefer' }, found);
    expect(failed).toMatchObject({ id: 'tls', code: 'TLS_SELF_SIGNED' });
    const { report } = await tested({ ...srv, tls_mode: 'require' }, found);
    expect(report.ok).toBe(true);
  });

  test.each([
    ['another domain', [at('evil.attacker.net')], [], 'its SRV records lead to hosts of another domain'],
    [
      'another domain, by its end',
      [at('evilabcde.example.net')],
      [],
      'its SRV records lead to hosts of another domain',
    ],
    ['no records', [], [], 'there are no records of _mongodb._tcp.cluster0.abcde.example.net'],
    [
      'more records than there can be',
      Array.from({ length: 40 }, () => at('s0.abcde.example.net')),
      [],
      'its more than 32 SRV records',
    ],
    [
      'options that it may not set',
      [at('s0.abcde.example.net')],
      ['tlsInsecure=true'],
      'its TXT record holds other options',
    ],
    [
      'a name that ends a comment',
      [at('s0.abcde.example.net')],
      ['replicaSet=rs0%E2%80%A8db.dropDatabase()'],
      'its TXT record holds what is no name',
    ],
    [
      'a name that is a paragraph',
      [at('s0.abcde.example.net')],
      [`authSource=${'do+this '.repeat(20)}`],
      'its TXT record holds what is no name',
    ],
    ['two texts', [at('s0.abcde.example.net')], ['a=1', 'b=2'], 'it has more than one TXT record'],
  ] as const)('%s', async (_, hosts, texts, what) => {
    const { failed, dials } = await tested(srv, dns([...hosts], [...texts]));
    expect(failed).toMatchObject({ id: 'dns', code: 'SRV_UNUSABLE', fields: ['host'], actor: 'user' });
    expect(failed?.message).toContain(what.replace('its more', 'more'));
    expect(dials).toBe(0);
  });

  test('a host of its own domain that is at a private address', async () => {
    const private_ = { ...dns([at('s0.abcde.example.net')]), egress: 'public_only' as const };
    const { failed, dials } = await tested(srv, private_);
    expect(failed).toMatchObject({ id: 'address_policy', code: 'HOST_REFUSED' });
    expect(dials).toBe(0);
  });

  test('is not there', async () => {
    const services = async () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }));
    expect((await tested(srv, { services })).failed).toMatchObject({ id: 'dns', code: 'SRV_UNUSABLE' });
    const slow = async () => Promise.reject(Object.assign(new Error('x'), { code: 'ETIMEOUT' }));
    expect((await tested(srv, { services: slow })).failed).toMatchObject({ id: 'dns', code: 'DNS_TIMEOUT' });
  });

  test('is no address', async () => {
    const { failed } = await tested({ ...srv, host: '127.0.0.1' }, {});
    expect(failed).toMatchObject({ id: 'name_policy', code: 'SRV_UNUSABLE' });
  });

  test.each([
    ['a.cluster.example.com', 'cluster.example.com', true],
    ['b.example.com', 'cluster.example.com', true],
    ['example.com', 'cluster.example.com', false],
    ['b.evilexample.com', 'cluster.example.com', false],
    ['com', 'cluster.example.com', false],
    ['a.example.com', 'example.com', true],
    ['example.com', 'example.com', false],
    ['other.com', 'example.com', false],
    ['a.localhost', 'localhost', true],
  ])('%s of %s: %s', (found, name, stands) => {
    expect(standsInDomain(found, name)).toBe(stands);
  });
});
