import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../../support/api-server.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { hostileInputs } from '../../../support/hostile-inputs.ts';
import { startHangingServer } from '../../../support/hostile-servers.ts';
import { type CsvLab, csvLab, failureOf, stepOf } from './lab.ts';

const TOKEN = 'canary-token-4711';
const SALES = 'id,customer\n1,Ada\n2,Bob\n';
const NAMES: Readonly<Record<string, string>> = {
  'files.example.com': '127.0.0.1',
  'cdn.example.com': '127.0.0.1',
  'intra.example.com': '10.0.0.9',
};
const bearer = { method: 'bearer', token: '${env:HEADWATER_SECRET_API}' };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let lab: CsvLab;
const servers: ApiServer[] = [];
beforeAll(async () => {
  lab = await csvLab(
    {
      HEADWATER_SECRET_API: TOKEN,
      // Public addresses alone, and two names that lead to this machine: as strict as it gets with a server of our own.
      HEADWATER_EGRESS: 'public_only',
      HEADWATER_ALLOW_HOSTS: 'files.example.com,cdn.example.com',
    },
    { lookup: async (name) => [NAMES[name] ?? '93.184.216.34'] },
  );
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await lab.close();
});

async function serve(answer: Answer, ...rest: [Parameters<typeof startApi>[1]?]): Promise<ApiServer> {
  const server = await startApi(answer, ...rest);
  servers.push(server);
  return server;
}

const csv = (response: ServerResponse, body: string | Uint8Array = SALES, headers = {}) =>
  response.writeHead(200, { 'content-type': 'text/csv', ...headers }).end(body);
const redirect = (response: ServerResponse, location: string, status = 302) =>
  response.writeHead(status, { location }).end();
const at = ({ port }: { port: number }, path = '/sales.csv', host = 'files.example.com') =>
  `http://${host}:${port}${path}`;

describe('a file behind a URL', () => {
  it('is counted, and its steps are those of HTTP', async () => {
    const server = await serve((_, response) => csv(response));
    const report = await lab.test({ url: at(server) });
    expect(report).toMatchObject({ ok: true, verdict: 'ok', depth: 'read', row_count: 2 });
    expect(report.steps.map(({ id }) => id)).toEqual([
      'config',
      'name_policy',
      'dns',
      'address_policy',
      'tcp',
      'tls',
      'protocol',
      'redirects',
      'auth',
      'decode',
      'format',
      'read',
    ]);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.headers['accept']).toMatch(/^text\/csv/);
  });

  it('may be sent compressed, and with credentials', async () => {
    const server = await serve((request, response) =>
      request.headers.authorization === `Bearer ${TOKEN}`
        ? csv(response, gzipSync(SALES), { 'content-encoding': 'gzip' })
        : response.writeHead(401).end(),
    );
    expect(await lab.test({ url: at(server), auth: bearer })).toMatchObject({ ok: true, row_count: 2 });
    expect(failureOf(await lab.test({ url: at(server) }))).toMatchObject({
      id: 'auth',
      code: 'API_AUTH_MISSING',
      fields: ['auth'],
      actor: 'user',
    });
  });
});

describe('credentials', () => {
  const isIn = (request: IncomingMessage) => request.headers.authorization === `Bearer ${TOKEN}`;

  it.each<[string, Answer, string]>([
    ['refused', (_, r) => r.writeHead(401).end(), 'without credentials: status 401'],
    ['sent to a login page', (_, r) => redirect(r, '/login'), 'without credentials: status 302'],
    ['hung up on', (request) => request.socket.destroy(), 'without credentials: the connection is dropped'],
  ])('are proven where strangers are %s', async (_, toStrangers, evidence) => {
    const server = await serve((request, r) => (isIn(request) ? csv(r) : toStrangers(request, r)));
    const report = await lab.test({ url: at(server), auth: bearer });
    expect(report).toMatchObject({ verdict: 'ok', row_count: 2 });
    expect(stepOf(report, 'auth')?.evidence).toBe(`status 200, text/csv; bearer; ${evidence}`);
  });

  it.each<[string, Answer, RegExp]>([
    ['the file, too', (_, r) => csv(r), /the same without them/],
    ['that there are too many requests', (_, r) => r.writeHead(429).end(), /status 429/],
    ['nothing, while the file is open', () => {}, /no second request/],
  ])('are not proven where strangers are told %s', async (_, toStrangers, says) => {
    const server = await serve((request, r) => (isIn(request) ? csv(r) : toStrangers(request, r)));
    const report = await lab.test({ url: at(server), auth: bearer });
    expect(report).toMatchObject({ verdict: 'ok_with_warnings', row_count: 2 });
    expect(stepOf(report, 'auth')).toMatchObject({
      status: 'warn',
      code: 'AUTH_UNPROVEN',
      message: expect.stringMatching(says),
    });
  });

  it('are proven where they were given last, behind a redirect that everybody gets', async () => {
    const server = await serve((request, r) =>
      request.url === '/sales.csv' ? redirect(r, '/v2') : isIn(request) ? csv(r) : r.writeHead(403).end(),
    );
    expect(await lab.test({ url: at(server), auth: bearer })).toMatchObject({ verdict: 'ok' });
  });
});

describe('failures', () => {
  it.each<[string, Answer, Record<string, unknown>]>([
    [
      'a wrong address',
      (_, r) => r.writeHead(404).end(),
      { id: 'auth', code: 'HTTP_NOT_FOUND', fields: ['url'], actor: 'user' },
    ],
    [
      'rejected credentials',
      (_, r) => r.writeHead(403).end('no'),
      { id: 'auth', code: 'API_FORBIDDEN', actor: 'vendor' },
    ],
    ['a broken server', (_, r) => r.writeHead(503).end(), { id: 'auth', code: 'HTTP_SERVER_ERROR', actor: 'vendor' }],
    ['nothing', (_, r) => csv(r, ''), { id: 'decode', code: 'FILE_EMPTY', fields: ['url'], actor: 'user' }],
    ['a web page', (_, r) => csv(r, '<html>Log in</html>'), { id: 'decode', code: 'FILE_NOT_CSV', fields: ['url'] }],
    [
      'a zip archive',
      (_, r) => csv(r, Buffer.from('PK\x03\x04x', 'latin1')),
      { code: 'FILE_NOT_CSV', message: expect.stringContaining('zip') },
    ],
    [
      'an answer that breaks off',
      (_, r) => r.writeHead(200, { 'content-length': '9000' }).write(SALES, () => r.destroy()),
      { code: 'HTTP_BROKEN', actor: 'vendor', fields: ['url'] },
    ],
    ['gzip that is none', (_, r) => csv(r, 'no gzip', { 'content-encoding': 'gzip' }), { code: 'WRONG_PROTOCOL' }],
    [
      'an empty refusal that names a coding',
      (_, r) => r.writeHead(404, { 'content-encoding': 'gzip' }).end(),
      { id: 'auth', code: 'HTTP_NOT_FOUND' },
    ],
    [
      'headers and then nothing',
      (_, r) => r.writeHead(200).flushHeaders(),
      { id: 'decode', code: 'FILE_SLOW', fields: ['url'] },
    ],
  ])('%s', async (_, answer, expected) => {
    const server = await serve(answer);
    const report = await lab.test({ url: at(server), auth: bearer }, 2);
    expect(failureOf(report)).toMatchObject(expected);
    expect(JSON.stringify(report)).not.toContain(TOKEN);
  });

  it.concurrent.each<[string, string, string]>([
    ['its first row', 'id,cust', 'format'],
    ['its first row, in quotes', '"id","cust', 'format'],
    ['blank lines', '\n\n', 'decode'],
  ])('a file that stops in %s is slow, not wrong', async (_, begun, id) => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/csv' }).write(begun);
    });
    expect(failureOf(await lab.test({ url: at(server) }, 5))).toMatchObject({
      id,
      code: 'FILE_SLOW',
      fields: ['url'],
      actor: 'vendor',
    });
  });

  it.concurrent.each<[string, number, string, string]>([
    ['before it says why', 401, '', 'API_AUTH_REJECTED'],
    ['in its reasons', 403, 'because', 'API_FORBIDDEN'],
    ['in its reasons', 404, 'because', 'HTTP_NOT_FOUND'],
    ['before it says why', 503, '', 'HTTP_SERVER_ERROR'],
  ])('a refusal that stops %s is what its status says: %i', async (_, status, begun, code) => {
    const server = await serve((_request, response) => {
      response.writeHead(status, { 'content-length': '9000' }).flushHeaders();
      if (begun) response.write(begun);
    });
    const failure = failureOf(await lab.test({ url: at(server), auth: bearer }, 2));
    expect(failure).toMatchObject({ id: 'auth', code, evidence: expect.stringContaining(`status ${status}`) });
    expect(failure.evidence).toContain(begun);
  });

  it('a refusal that breaks off is what its status says', async () => {
    const server = await serve((_, response) => {
      response.writeHead(401, { 'content-length': '9000' }).flushHeaders();
      setTimeout(() => response.destroy(), 50);
    });
    expect(failureOf(await lab.test({ url: at(server), auth: bearer }))).toMatchObject({ code: 'API_AUTH_REJECTED' });
  });

  it('an answer that never comes', async () => {
    const hanging = await startHangingServer();
    expect(failureOf(await lab.test({ url: at(hanging) }, 2))).toMatchObject({
      id: 'protocol',
      code: 'HTTP_TIMEOUT',
      fields: ['url'],
    });
    await expect.poll(() => hanging.open).toBe(0);
    await hanging.stop();
  });

  it('a host that is not permitted, by the field that says it', async () => {
    expect(failureOf(await lab.test({ url: 'http://intra.example.com/x.csv' }))).toMatchObject({
      id: 'address_policy',
      code: 'HOST_REFUSED',
      fields: ['url'],
    });
  });
});

describe('bodies without end', () => {
  const endless =
    (write: (response: ServerResponse) => Promise<unknown>): Answer =>
    async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/csv' });
      while (!response.destroyed) await write(response);
    };

  it('one as fast as it can is left when the time is up', async () => {
    const block = Buffer.alloc(256 * 1024, 'a,b\n');
    const server = await serve(
      endless(
        async (response) =>
          response.write(block) || once(response, 'drain', { signal: AbortSignal.timeout(200) }).catch(() => {}),
      ),
    );
    const before = process.memoryUsage().rss;
    const report = await lab.test({ url: at(server) }, 3);
    expect(report).toMatchObject({ ok: true, verdict: 'ok_with_warnings' });
    expect(stepOf(report, 'read')).toMatchObject({
      code: 'CSV_COUNT_PARTIAL',
      evidence: expect.stringMatching(/^at least/),
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });

  it('one that stops has at least the rows that have come, and the test says so', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/csv' }).write('id,customer\n1,Ada\n2,Bob\n3,"C');
    });
    const config = { url: at(server) };
    const report = await lab.test(config, 5);
    expect(report).toMatchObject({ ok: true, verdict: 'ok_with_warnings', row_count: 2 });
    expect(stepOf(report, 'read')).toMatchObject({
      code: 'FILE_STALLED',
      message: 'The file stopped arriving before its end: it has at least 2 rows',
      fields: ['url'],
      actor: 'vendor',
      evidence: 'at least 2 rows in 28 bytes',
    });
    const created = await lab.done('create_source', { connector: 'csv', config, name: 'Stopped' });
    expect(created).toMatchObject({
      source: { last_sync_row_count: 2 },
      report: { headline: expect.stringContaining('at least 2 rows') },
    });
  });

  it('one that drips is judged by what has come', async () => {
    const server = await serve(
      endless(async (response) => {
        response.write('a,b\n1,2\n');
        await new Promise((resolve) => setTimeout(resolve, 100));
      }),
    );
    const report = await lab.test({ url: at(server) }, 5);
    expect(report).toMatchObject({ ok: true, verdict: 'ok_with_warnings' });
    expect(report.row_count).toBeGreaterThan(10);
  });

  it('a small one that decodes to a huge one costs time, not memory', async () => {
    const bomb = gzipSync(Buffer.alloc(400 * 1024 * 1024, 'a,b\n'));
    const server = await serve((_, response) => csv(response, bomb, { 'content-encoding': 'gzip' }));
    const before = process.memoryUsage().rss;
    const report = await lab.test({ url: at(server) }, 4);
    expect(report.ok).toBe(true);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });
});

describe('redirects', () => {
  it('are followed within the origin with credentials, across origins without', async () => {
    const cdn = await serve((_, response) => csv(response));
    const server = await serve((request, response) =>
      redirect(response, request.url === '/sales.csv' ? '/next' : at(cdn, '/file', 'cdn.example.com')),
    );
    const report = await lab.test({ url: at(server), auth: bearer, headers: { 'X-Api-Version': '1' } });
    expect(report).toMatchObject({ ok: true });
    expect(stepOf(report, 'redirects')?.evidence).toBe(
      `files.example.com:${server.port} → cdn.example.com:${cdn.port}`,
    );
    expect(server.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/sales.csv', `Bearer ${TOKEN}`],
      ['/next', `Bearer ${TOKEN}`],
      // As a stranger.
      ['/next', undefined],
    ]);
    expect(cdn.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(cdn.requests[0]?.headers).not.toHaveProperty('x-api-version');
  });

  it('credentials do not come back with the way back', async () => {
    const home: { port: number } = { port: 0 };
    const cdn = await serve((_, response) => redirect(response, at(home, '/end')));
    const server = await serve((request, response) =>
      request.url === '/end' ? csv(response) : redirect(response, at(cdn, '/', 'cdn.example.com')),
    );
    home.port = server.port;
    expect(await lab.test({ url: at(server), auth: bearer })).toMatchObject({ ok: true });
    expect(server.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/sales.csv', `Bearer ${TOKEN}`],
      ['/end', undefined],
      // As a stranger.
      ['/sales.csv', undefined],
    ]);
  });

  it('end after three', async () => {
    const server = await serve((_, response) => redirect(response, '/sales.csv'));
    expect(failureOf(await lab.test({ url: at(server) }))).toMatchObject({
      id: 'redirects',
      code: 'REDIRECT_REFUSED',
      fields: ['url'],
      actor: 'user',
      message: expect.stringContaining('more than 3'),
    });
    expect(server.requests).toHaveLength(4);
  });

  it('do not lead from https to http, and certificates are checked on the way', async () => {
    const authority = await createAuthority();
    const certificate = await authority.issue({ names: ['files.example.com'] });
    const plain = await serve((_, response) => csv(response));
    const server = await serve((_, response) => redirect(response, at(plain)), certificate);
    const url = at(server).replace('http:', 'https:');
    expect(failureOf(await lab.test({ url }))).toMatchObject({ id: 'tls', code: 'TLS_UNTRUSTED' });
    expect(failureOf(await lab.test({ url, tls_ca: authority.certPem }))).toMatchObject({
      code: 'REDIRECT_REFUSED',
      message: expect.stringContaining('from https to http'),
    });
    expect(plain.requests).toHaveLength(0);
  });

  // The cases begin at https: what is refused for leaving it is tried there, and the rest where no authority is needed.
  it.each(hostileInputs<{ location: string }>('redirect').map((each) => [each.id, each] as const))(
    '%s',
    async (id, { input: { location }, expect: wanted }) => {
      const authority = id === 'redirect-downgrade' ? await createAuthority() : undefined;
      const certificate = await authority?.issue({ names: ['files.example.com'] });
      const server = await serve(
        (request, response) => (request.url === location ? csv(response) : redirect(response, location)),
        certificate,
      );
      const url = authority ? at(server).replace('http:', 'https:') : at(server);
      const report = await lab.test({ url, auth: bearer, ...(authority ? { tls_ca: authority.certPem } : {}) });
      if (wanted === 'allow') expect(report).toMatchObject({ ok: true });
      else expect(failureOf(report)).toMatchObject({ id: 'redirects', code: 'REDIRECT_REFUSED', fields: ['url'] });
      expect(JSON.stringify(report)).not.toContain('10.0.0.9');
      expect(server.requests).toHaveLength(wanted === 'allow' ? 3 : 1);
    },
  );
});

describe('URLs', () => {
  it.each(
    hostileInputs<string>('url')
      .filter(({ expect: wanted }) => wanted !== 'allow')
      .map(({ id, input }) => [id, input] as const),
  )('%s is refused before a connection', async (_, url) => {
    const { structured, error } = await lab.call('test_connection', { connector: 'csv', config: { url } });
    if (structured) {
      const { id } = failureOf(structured as never);
      expect(['name_policy', 'address_policy']).toContain(id);
    } else expect(error).toMatchObject({ code: expect.stringMatching(/^INVALID_/) });
  });
});
