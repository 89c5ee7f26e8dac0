import { describe, expect, test } from 'vitest';
import * as hostile from '../../../support/hostile-servers.ts';
import { createLab, dnsError, type Expected, type LabOptions } from '../lab.ts';
import { expectRow, type NamedRow, READER, type Row } from '../rows.ts';

describe('the name', () => {
  const DNS_FIX = 'Try again in a moment. If it stays, the DNS of the machine that runs Headwater needs attention.';
  const host = 'db.shop.example';
  const notFound: Expected = {
    step: 'dns',
    code: 'DNS_NOT_FOUND',
    fields: ['host'],
    actor: 'user',
    says: `There is no host named ${host}`,
    fix: `Check the spelling of ${host}. If it is a private name, it resolves only inside its own network.`,
    driver: 'ENOTFOUND',
    depth: 'config',
  };
  const failed: Expected = {
    step: 'dns',
    code: 'DNS_FAILED',
    actor: 'network_admin',
    retryable: true,
    says: `The name server did not answer for ${host}`,
    fix: DNS_FIX,
    depth: 'config',
  };
  const timeout: Expected = { ...failed, code: 'DNS_TIMEOUT', says: `Looking up ${host} took too long` };
  const rows: NamedRow[] = [
    { name: 'is not there', lab: { names: {} }, expected: notFound },
    {
      name: 'has no address',
      lab: { names: { [host]: [] } },
      expected: { ...notFound, driver: 'ENODATA' },
    },
    ...(['EAI_AGAIN', 'ESERVFAIL'] as const).map((code) => ({
      name: `cannot be looked up (${code})`,
      lab: { lookup: () => Promise.reject(dnsError(code)) },
      expected: { ...failed, driver: code },
    })),
    {
      name: 'is not answered by the name server',
      lab: { lookup: () => Promise.reject(dnsError('ETIMEOUT')) },
      expected: { ...timeout, driver: 'ETIMEOUT' },
    },
    {
      name: 'is looked up for ever',
      lab: { lookup: () => new Promise(() => {}) },
      expected: timeout,
      atDeadline: true,
    },
  ];
  test.concurrent.each(rows)('$name', async ({ config, ...row }) => {
    const lab = await expectRow({ ...row, config: { host, ...config } });
    expect(lab.dials).toBe(0);
  });
});

describe('the egress policy', () => {
  const FIX =
    'If the target is meant, a person who operates Headwater can add it to HEADWATER_ALLOW_HOSTS or HEADWATER_ALLOW_CIDRS (or set HEADWATER_EGRESS=allow_private for private networks).';
  const refused = (step: string, host: string, why: string, depth: Expected['depth'], fix = FIX): Expected => ({
    step,
    code: 'HOST_REFUSED',
    fields: ['host'],
    actor: 'network_admin',
    says: `Connections to ${host} are not permitted: ${why}`,
    fix,
    driver: 'EGRESS_DENIED',
    depth,
  });
  const NOT_PUBLIC = 'It is not a public address';
  const METADATA = 'It is a cloud metadata service, which is never permitted';
  const rows: (Row & { host: string; egress: LabOptions['egress'] })[] = [
    {
      host: '127.0.0.1',
      egress: 'public_only',
      expected: refused('address_policy', '127.0.0.1', NOT_PUBLIC, 'config'),
    },
    {
      host: 'localhost',
      egress: 'public_only',
      expected: refused(
        'name_policy',
        'localhost',
        'It is a name reserved for private networks',
        'config',
        FIX.replace(' or HEADWATER_ALLOW_CIDRS', ''), // a range of addresses opens no name
      ),
    },
    {
      host: 'looks-public.example.com',
      egress: 'public_only',
      expected: refused('address_policy', 'looks-public.example.com', NOT_PUBLIC, 'dns'),
    },
    {
      host: 'one-of-two.example.com',
      egress: 'public_only',
      expected: refused('address_policy', 'one-of-two.example.com', NOT_PUBLIC, 'dns'),
    },
    {
      host: 'cloud.example.com',
      egress: 'allow_private',
      expected: refused('address_policy', 'cloud.example.com', METADATA, 'dns', 'No switch opens it.'),
    },
  ];
  test.concurrent.each(rows)(
    '$host is refused under $egress before anything is dialled',
    async ({ host, egress, ...row }) => {
      const listening = await hostile.startHangingServer();
      const names = {
        'looks-public.example.com': ['127.0.0.1'],
        'one-of-two.example.com': ['93.184.216.34', '127.0.0.1'],
        'cloud.example.com': ['169.254.169.254'],
      };
      const options = { ...(egress ? { egress } : {}), names };
      const lab = await expectRow({ ...row, lab: options, config: { host, port: listening.port } });
      expect(lab.dials).toBe(0);
      expect(listening.connections).toBe(0);
      await listening.stop();
    },
  );

  test('a refusal does not say what the name resolves to', async () => {
    const lab = createLab({ egress: 'public_only', names: { 'inner.example.com': ['10.11.12.13'] } });
    const report = await lab.test({ ...READER, host: 'inner.example.com' });
    expect(report.ok).toBe(false);
    expect(JSON.stringify(report)).not.toContain('10.11.12.13');
  });
});

describe('the port', () => {
  test('nothing listens', async () => {
    const port = await hostile.closedPort();
    await expectRow({
      config: { port },
      expected: {
        step: 'tcp',
        code: 'TCP_REFUSED',
        fields: ['port', 'host'],
        actor: 'user',
        says: `Nothing listens on 127.0.0.1:${port}`,
        fix: `Check the port (is ${port} right?) and that PostgreSQL runs there and listens on that address.`,
        driver: 'ECONNREFUSED',
        depth: 'config',
      },
    });
  });

  test('a firewall drops', async () => {
    const firewall = await hostile.startDroppingFirewall();
    const { port } = firewall;
    await expectRow({
      config: { port },
      atDeadline: true,
      expected: {
        step: 'tcp',
        code: 'TCP_TIMEOUT',
        fields: ['host', 'port'],
        actor: 'network_admin',
        retryable: true,
        says: `No answer from 127.0.0.1:${port}: a firewall drops the packets, or the host is down`,
        fix: `Permit TCP from the machine that runs Headwater to 127.0.0.1:${port} (firewall, security group, IP allow-list).`,
        depth: 'config',
      },
    });
    await firewall.stop();
  });
});
