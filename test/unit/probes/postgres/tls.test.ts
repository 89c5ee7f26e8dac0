import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Authority, type Certificate, createAuthority, selfSigned } from '../../../support/certificates.ts';
import * as hostile from '../../../support/hostile-servers.ts';
import { sharedPostgres } from '../../../support/shared-postgres.ts';
import { createLab, type Expected, expectClosed, expectFailure, stepOf } from '../lab.ts';
import { expectAgainst, READER, saysNothing } from '../rows.ts';
import { startListener, startTlsTerminator } from '../servers.ts';

const DAY_MS = 86_400_000;
const HOST = 'db.shop.example';
const OTHER = 'other.shop.example';
const MODES = ['prefer', 'require', 'verify-ca', 'verify-full'] as const;
type Mode = (typeof MODES)[number];

type TlsExpected = Omit<Expected, 'step' | 'depth'>;

/** A certificate, who is trusted, and in which modes it is refused; in all others the rows are read. */
interface Case {
  name: string;
  certificate: () => Promise<Certificate>;
  /** What goes into tls_ca; nothing without. */
  trusted?: () => string;
  host?: string;
  refusedIn: readonly Mode[];
  expected?: TlsExpected;
  /** What the step says where it is not refused. */
  evidence?: RegExp;
}

const server = sharedPostgres();
let authority: Authority;
let old: Authority;
let alone: Certificate;
const running: hostile.HostileServer[] = [];

beforeAll(async () => {
  authority = await createAuthority('Shop Authority');
  old = await createAuthority('Old Authority', { notAfter: new Date(Date.now() - DAY_MS) });
  alone = await selfSigned({ names: [HOST] });
});
afterAll(() => Promise.all(running.map((each) => each.stop())));

const untrusted = (host = HOST, issuer = 'Shop Authority'): TlsExpected => ({
  code: 'TLS_UNTRUSTED',
  fields: ['tls_ca', 'tls_mode'],
  actor: 'user',
  says: `The certificate of ${host} is from an authority that is not trusted (${issuer})`,
  fix: 'Put the PEM of the authority into tls_ca (managed databases publish theirs), or use tls_mode require.',
});
const expired = (ago: string): TlsExpected => ({
  code: 'TLS_EXPIRED',
  fields: ['tls_mode'],
  actor: 'dba',
  says: `The certificate of ${HOST} expired ${ago} ago`,
  fix: 'Renew the certificate at the server.',
});

const CASES: Case[] = [
  {
    name: 'an authority nobody knows',
    certificate: () => authority.issue({ names: [HOST] }),
    refusedIn: ['verify-ca', 'verify-full'],
    expected: untrusted(),
    evidence: /^TLSv1\.3, db\.shop\.example, issued by Shop Authority, \d+ days left, untrusted$/,
  },
  {
    name: 'the fix for it: tls_ca holds the authority',
    certificate: () => authority.issue({ names: [HOST] }),
    trusted: () => authority.certPem,
    refusedIn: [],
    evidence: /, certificate (trusted|not checked \((prefer|require)\))$/,
  },
  {
    name: 'a bundle of several authorities',
    certificate: () => authority.issue({ names: [HOST] }),
    trusted: () => `# ours\n${server.caPem}\n# the shop's\n${authority.certPem}\n`,
    refusedIn: [],
  },
  {
    name: 'self-signed',
    certificate: async () => alone,
    refusedIn: ['verify-ca', 'verify-full'],
    expected: {
      code: 'TLS_SELF_SIGNED',
      fields: ['tls_ca', 'tls_mode'],
      actor: 'user',
      says: `The certificate of ${HOST} is self-signed`,
      fix: 'Put the certificate itself into tls_ca, or use tls_mode require.',
    },
  },
  {
    name: 'the fix for it: tls_ca holds the certificate itself',
    certificate: async () => alone,
    trusted: () => alone.certPem,
    refusedIn: [],
  },
  {
    name: 'expired three days ago',
    certificate: () => authority.issue({ names: [HOST], notAfter: new Date(Date.now() - 2.5 * DAY_MS) }),
    trusted: () => authority.certPem,
    refusedIn: ['verify-ca', 'verify-full'],
    expected: expired('3 days'),
    evidence: /, expired 3 days ago, expired$/,
  },
  {
    name: 'expired an hour ago',
    certificate: () => authority.issue({ names: [HOST], notAfter: new Date(Date.now() - DAY_MS / 24) }),
    trusted: () => authority.certPem,
    refusedIn: ['verify-ca', 'verify-full'],
    expected: expired('1 day'),
  },
  {
    name: 'valid, from an authority that has expired',
    certificate: () => old.issue({ names: [HOST] }),
    trusted: () => old.certPem,
    refusedIn: ['verify-ca', 'verify-full'],
    expected: {
      code: 'TLS_AUTHORITY_EXPIRED',
      fields: ['tls_ca', 'tls_mode'],
      actor: 'user',
      says: `An authority behind the certificate of ${HOST} has expired (it was issued by Old Authority)`,
      fix: 'If it is the one in tls_ca, put its renewed PEM there. If the server sends it along, have it renewed at the server. The certificate itself is valid.',
    },
    evidence: /issued by Old Authority, \d+ days left, authority expired$/,
  },
  {
    name: 'not valid yet',
    certificate: () =>
      authority.issue({
        names: [HOST],
        notBefore: new Date(Date.now() + DAY_MS),
        notAfter: new Date(Date.now() + 90 * DAY_MS),
      }),
    trusted: () => authority.certPem,
    refusedIn: ['verify-ca', 'verify-full'],
    expected: {
      code: 'TLS_NOT_YET_VALID',
      fields: ['tls_mode'],
      actor: 'dba',
      says: `The certificate of ${HOST} is not valid yet`,
      fix: "Correct the server's clock or certificate.",
    },
  },
  {
    name: 'names another host',
    certificate: () => authority.issue({ names: [OTHER, 'www.other.example'] }),
    trusted: () => authority.certPem,
    refusedIn: ['verify-full'],
    expected: {
      code: 'TLS_WRONG_NAME',
      fields: ['host', 'tls_mode'],
      actor: 'user',
      says: `The certificate does not name ${HOST}; it names ${OTHER}, www.other.example`,
      fix: `Use a host that the certificate names (${OTHER}, www.other.example), or tls_mode verify-ca.`,
    },
    evidence: /wrong name/,
  },
  {
    name: 'the fix for it: the host that it names',
    certificate: () => authority.issue({ names: [OTHER] }),
    trusted: () => authority.certPem,
    host: OTHER,
    refusedIn: [],
  },
  {
    name: 'names a host by a wildcard',
    certificate: () => authority.issue({ names: ['*.shop.example'] }),
    trusted: () => authority.certPem,
    refusedIn: [],
  },
  {
    name: 'is for an address, and the host is that address',
    certificate: () => authority.issue({ ips: ['127.0.0.1'] }),
    trusted: () => authority.certPem,
    host: '127.0.0.1',
    refusedIn: [],
  },
  {
    name: 'names a host, and the host is an address',
    certificate: () => authority.issue({ names: [HOST] }),
    trusted: () => authority.certPem,
    host: '127.0.0.1',
    refusedIn: ['verify-full'],
    expected: {
      code: 'TLS_WRONG_NAME',
      fields: ['host', 'tls_mode'],
      actor: 'user',
      says: `The certificate does not name 127.0.0.1; it names ${HOST}`,
      fix: `Use a host that the certificate names (${HOST}), or tls_mode verify-ca.`,
    },
  },
];

const terminators = new Map<Case, Promise<hostile.HostileServer>>();

/** PostgreSQL behind a server that takes TLS off, as poolers and load balancers do; one for each case. */
async function behind(each: Case): Promise<hostile.HostileServer> {
  const started = terminators.get(each) ?? each.certificate().then((made) => startTlsTerminator(made, server));
  terminators.set(each, started);
  const terminator = await started;
  if (!running.includes(terminator)) running.push(terminator);
  return terminator;
}

const rows = CASES.flatMap((each) => MODES.map((mode) => ({ name: each.name, mode, each })));

describe('certificates', () => {
  test.concurrent.each(rows)('$name, $mode', async ({ mode, each }) => {
    const { port } = await behind(each);
    const lab = createLab({ names: { [HOST]: ['127.0.0.1'], [OTHER]: ['127.0.0.1'] } });
    const ca = each.trusted ? { tls_ca: each.trusted() } : {};
    const report = await lab.test({ ...READER, host: each.host ?? HOST, port, tls_mode: mode, ...ca });
    if (each.refusedIn.includes(mode) && each.expected) {
      expectFailure(report, { ...each.expected, step: 'tls', depth: 'tcp' });
    } else {
      expect(report).toMatchObject({ ok: true, depth: 'read' });
      expect(stepOf(report, 'tls').evidence).toMatch(each.evidence ?? /^TLSv1\.3, /);
    }
    await expectClosed(lab);
  });

  test.concurrent('the password is not sent before the checks have passed', async () => {
    const certificate = await authority.issue({ names: [OTHER] });
    const heard = await startListener();
    const terminator = await startTlsTerminator(certificate, heard);
    const lab = createLab({ names: { [HOST]: ['127.0.0.1'] } });
    const report = await lab.test({
      ...READER,
      host: HOST,
      port: terminator.port,
      tls_mode: 'verify-full',
      tls_ca: authority.certPem,
    });
    expect(stepOf(report, 'tls').code).toBe('TLS_WRONG_NAME');
    expect(heard.bytes).toBe(0);
    await Promise.all([terminator.stop(), heard.stop()]);
  });

  test.concurrent('one that expires soon is worth knowing', async () => {
    const certificate = await authority.issue({ names: [HOST], notAfter: new Date(Date.now() + 10.5 * DAY_MS) });
    const terminator = await startTlsTerminator(certificate, server);
    const lab = createLab({ names: { [HOST]: ['127.0.0.1'] } });
    const config = { ...READER, host: HOST, port: terminator.port, tls_mode: 'verify-full', tls_ca: authority.certPem };
    const report = await lab.test(config);
    expect(report).toMatchObject({
      ok: true,
      verdict: 'ok_with_warnings',
      warnings: [`The certificate of ${HOST} expires in 10 days`],
    });
    expect(stepOf(report, 'tls')).toMatchObject({ status: 'warn', code: 'CERTIFICATE_EXPIRES', actor: 'dba' });
    await terminator.stop();
  });

  test.concurrent('our own words stay whole where the password is one of them', async () => {
    const terminator = await startTlsTerminator(await authority.issue({ names: [HOST] }), server);
    const lab = createLab({ names: { [HOST]: ['127.0.0.1'] } });
    const config = { ...READER, host: HOST, port: terminator.port, tls_mode: 'verify-full', tls_ca: authority.certPem };
    const report = await lab.test({ ...config, password: 'certificate' });
    expect(stepOf(report, 'tls').evidence).toMatch(/days left, certificate trusted$/);
    await terminator.stop();
  });

  test('the words in a certificate are cleaned', async () => {
    const certificate = await selfSigned({ names: [HOST, `evil.\u202e${READER.password}`] });
    const terminator = await startTlsTerminator(certificate, server);
    const lab = createLab({ names: { 'else.example': ['127.0.0.1'] } });
    const config = { ...READER, host: 'else.example', port: terminator.port, tls_mode: 'verify-full' };
    const report = await lab.test({ ...config, tls_ca: certificate.certPem });
    expect(stepOf(report, 'tls')).toMatchObject({ code: 'TLS_WRONG_NAME' });
    expect(JSON.stringify(report)).not.toMatch(new RegExp(`${READER.password}|\u202e|\\\\u202e`));
    await terminator.stop();
  });
});

describe('a real PostgreSQL with TLS', () => {
  test.each(MODES)('%s', async (tls_mode) => {
    const report = await createLab().test({ ...READER, host: 'localhost', tls_mode, tls_ca: server.caPem });
    expect(report).toMatchObject({ ok: true, verdict: 'ok', depth: 'read' });
    expect(stepOf(report, 'tls')).toMatchObject({
      status: 'pass',
      evidence: expect.stringMatching(
        /^TLSv1\.3, localhost \(also 127\.0\.0\.1\), issued by Headwater Test Authority, \d+ days left, certificate /,
      ),
    });
  });

  test('disable', async () => {
    const report = await createLab().test({ ...READER, tls_mode: 'disable' });
    expect(report).toMatchObject({ ok: true, verdict: 'ok' });
    expect(stepOf(report, 'tls')).toMatchObject({ status: 'skip', because: 'tls_mode is disable' });
  });
});

describe('no handshake', () => {
  const notSpoken = (place: string): Expected => ({
    step: 'tls',
    code: 'TLS_NOT_SPOKEN',
    fields: ['port', 'tls_mode'],
    actor: 'user',
    says: `What ${place} answers to a TLS handshake is not TLS`,
    fix: 'Check the port; if it is right, the server (or a proxy in between) offers no TLS there.',
    driver: 'ERR_SSL_WRONG_VERSION_NUMBER',
    depth: 'tcp',
  });

  test.concurrent.each(['require', 'verify-ca', 'verify-full'])(
    'TLS is not offered, and %s demands it',
    async (tls_mode) => {
      await expectAgainst(hostile.startTlsRefusingServer(), () => ({
        config: { tls_mode },
        expected: {
          step: 'tls',
          code: 'TLS_NOT_OFFERED',
          fields: ['tls_mode'],
          actor: 'dba',
          says: `TLS mode ${tls_mode} demands TLS, but this PostgreSQL does not offer it`,
          fix: 'Turn TLS on at the server, or, on a network you trust, set tls_mode to prefer or disable.',
          depth: 'tcp',
        },
      }));
    },
  );

  test.concurrent('the server agrees and hangs', async () => {
    await expectAgainst(hostile.startTlsHangingServer(), (_, port) => ({
      atDeadline: true,
      expected: saysNothing(port, 'tls', 'tcp'),
    }));
  });

  test.concurrent('the server agrees and sends garbage', async () => {
    await expectAgainst(hostile.startTlsGarbageServer(), (place) => ({
      expected: notSpoken(place),
    }));
  });
});

test('without TLS across a public network: it works, and that is worth knowing', async () => {
  // The address is public to the policy; the socket goes to the real server all the same.
  const lab = createLab({ dialled: '127.0.0.1' });
  const report = await lab.test({ ...READER, host: '93.184.216.34', tls_mode: 'disable' });
  expect(report).toMatchObject({ ok: true, verdict: 'ok_with_warnings' });
  expect(stepOf(report, 'tls')).toMatchObject({
    status: 'warn',
    code: 'CLEAR_TEXT',
    fields: ['tls_mode'],
    actor: 'dba',
    message: 'The connection to 93.184.216.34 crosses a public network without TLS',
    fix: { text: 'Turn TLS on at the server and set tls_mode to require.' },
    evidence: 'tls_mode is disable',
  });
  await vi.waitFor(() => expect(lab.sockets.every((socket) => socket.destroyed)).toBe(true));
});
