import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { shopConfig, WRONG_PASSWORD } from '../support/headwater.ts';
import { connectHttpV2, type HttpProcess, startHttp } from '../support/http.ts';
import { connectV2, type ToolAnswer } from '../support/mcp.ts';
import { pageRequest } from '../support/page-request.ts';
import { NAVIGATION, visitPage } from '../support/page-visitor.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';

interface Asked {
  session_id: string;
  url: string;
  match_code: string;
  state: string;
  reference: string;
  config?: Record<string, unknown>;
}

const asked = ({ text, structured }: ToolAnswer) => {
  if (!structured) throw new Error(text);
  return structured as unknown as Asked;
};

/** All that the conversation knows of the shop. */
function known(): Record<string, unknown> {
  const { password: _, ...config } = shopConfig();
  return config;
}

/** Every file below a folder, as bytes in Latin-1. */
async function filesIn(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => readFile(join(file.parentPath, file.name), 'latin1'));
  return (await Promise.all(texts)).join('\n');
}

const gone = /This link does not work/;
const nonceOf = (url: string) => new URL(url).pathname.split('/').at(-1) ?? '';

describe('credentials given on a page, over stdio', () => {
  it('from the question to the source: wrong first, then right, and the secret is nowhere else', async () => {
    const { readerPassword } = sharedPostgres();
    const session = await connectV2();
    const begun = asked(await session.call('request_credentials', { connector: 'postgresql', config: known() }));
    expect(begun.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/credentials\/[\w-]{43}$/);
    const person = visitPage(begun.url);
    const page = await person.open();
    expect(page.body).toContain(begun.match_code);
    expect(page.body).toContain(String(known()['database']));
    const corrected = await person.send({ 'value.password': WRONG_PASSWORD });
    expect(corrected.status).toBe(422);
    expect(corrected.body).toMatch(/aria-invalid="true"/);
    expect(asked(await session.call('request_credentials', { session_id: begun.session_id })).state).toBe('waiting');
    const waiting = session.call('request_credentials', { session_id: begun.session_id, wait_s: 20 });
    const done = await person.send({ 'value.password': readerPassword });
    expect(done.body).toContain('Done: return to your conversation');
    const ready = asked(await waiting);
    expect(ready.state).toBe('ready');
    const created = await session.call('create_source', { connector: 'postgresql', config: ready.config });
    expect(created.structured?.['source']).toMatchObject({ status: 'Active' });
    expect((await visitPage(begun.url).open()).body).toMatch(gone);
    expect((await person.open()).body).toMatch(gone);
    const everything = [session.stdoutRaw().join('\n'), session.stderr(), await filesIn(session.home)].join('\n');
    for (const secret of [readerPassword, WRONG_PASSWORD]) expect(everything).not.toContain(secret);
    expect(`${session.stderr()}${await filesIn(session.home)}`).not.toContain(nonceOf(begun.url));
    await session.close();
    await expect(pageRequest(begun.url)).rejects.toThrow('ECONNREFUSED');
  });

  it('a connection string is enough', async () => {
    const { host, port, readerPassword } = sharedPostgres();
    const { username, database } = known();
    const session = await connectV2();
    const begun = asked(await session.call('request_credentials', { connector: 'postgresql' }));
    const person = visitPage(begun.url);
    expect((await person.open()).body).toContain('Connection string');
    const whole = `postgresql://${username}:${readerPassword}@${host}:${port}/${database}?sslmode=require`;
    expect((await person.send({ connection_string: whole })).body).toContain('Done');
    const ready = asked(await session.call('request_credentials', { session_id: begun.session_id }));
    expect(ready.config).toMatchObject({ host, username, database, password: ready.reference });
    expect(ready.config).not.toHaveProperty('connection_string');
    await session.close();
  });

  it('unknown, used, locked and foreign links are the same bytes, and a locked one is shut for its opener too', async () => {
    const session = await connectV2();
    const begin = async () =>
      asked(await session.call('request_credentials', { connector: 'postgresql', config: known() })).url;
    const used = await begin();
    const opener = visitPage(used);
    await opener.open();
    await opener.send({ 'value.password': sharedPostgres().readerPassword });
    const locked = await begin();
    const first = visitPage(locked);
    await first.open();
    for (let tries = 0; tries < 5; tries++) await visitPage(locked).open();
    const foreign = await begin();
    await visitPage(foreign).open();
    const answers = [
      await visitPage(new URL('A'.repeat(43), used).href).open(),
      await visitPage(used).open(),
      await first.open(),
      await visitPage(foreign).open(),
    ];
    const bytes = answers.map(({ status, body, cookies }) => [status, body.replace(/nonce="[^"]+"/g, ''), cookies]);
    for (const answer of bytes) expect(answer).toEqual(bytes[0]);
    expect(bytes[0]?.[1]).toMatch(gone);
    await session.close();
  });

  it('no page is served before one is asked for, and an open one keeps no process', async () => {
    const session = await connectV2();
    const { url } = asked(await session.call('request_credentials', { connector: 'postgresql', config: known() }));
    const second = asked(await session.call('request_credentials', { connector: 'postgresql', config: known() }));
    expect(new URL(second.url).port).toBe(new URL(url).port);
    const held = fetch(url, { headers: NAVIGATION });
    await held;
    const ended = session.exited;
    await session.close();
    const { code, ms } = await ended;
    expect(code).toBe(0);
    expect(ms).toBeLessThan(1000);
  });
});

describe('credentials given on a page, over HTTP', () => {
  const tokenOf = (server: HttpProcess, name: string) => server.tokens[name]?.token ?? '';

  it('only whoever asked can open it, once they have signed in', async () => {
    const { readerPassword } = sharedPostgres();
    const tokens = [
      { name: 'alice', tenant: 'acme', role: 'editor' as const },
      { name: 'bob', tenant: 'acme', role: 'admin' as const },
    ];
    const server = await startHttp({ tokens, env: { HEADWATER_EGRESS: 'allow_private' } });
    const alice = await connectHttpV2(server.url, { token: tokenOf(server, 'alice') });
    const begun = asked(await alice.call('request_credentials', { connector: 'postgresql', config: known() }));
    expect(begun.url.startsWith(server.at('/credentials/'))).toBe(true);

    const bob = visitPage(begun.url);
    const door = await bob.open();
    expect(door.body).toContain('Sign in');
    expect(door.body).not.toContain(begun.match_code);
    const signIn = (token: string) => ({ _action: 'sign_in', access_token: token });
    const forged = await bob.send({ ...signIn(tokenOf(server, 'bob')), _token: 'forged' });
    expect(forged.status).toBe(403);
    await bob.open();
    expect((await bob.send(signIn('hw_00000000_guess'))).body).toContain('This is not an access token');
    expect((await bob.send(signIn(tokenOf(server, 'bob')))).body).toMatch(gone);

    const person = visitPage(begun.url);
    await person.open();
    const form = await person.send(signIn(tokenOf(server, 'alice')));
    expect(form.body).toContain(begun.match_code);
    expect((await person.send({ 'value.password': readerPassword })).body).toContain('Done');
    expect(asked(await alice.call('request_credentials', { session_id: begun.session_id })).state).toBe('ready');

    const second = visitPage(begun.url);
    await second.open();
    expect((await second.send(signIn(tokenOf(server, 'alice')))).body).toMatch(gone);
    await alice.close();
    await server.stop();
    expect(server.log().filter(({ path }) => path === '/credentials').length).toBeGreaterThan(5);
    for (const secret of [readerPassword, tokenOf(server, 'alice'), nonceOf(begun.url)]) {
      expect(server.stderr()).not.toContain(secret);
    }
  });

  it('whose token is revoked is out', async () => {
    const server = await startHttp({ tokens: [{ name: 'alice', role: 'editor' }, { name: 'root' }] });
    const token = tokenOf(server, 'alice');
    const alice = await connectHttpV2(server.url, { token });
    const { url } = asked(await alice.call('request_credentials', { connector: 'postgresql', config: known() }));
    const person = visitPage(url);
    await person.open();
    expect((await person.send({ _action: 'sign_in', access_token: token })).body).toContain('value.password');
    const { headwater } = await import('../support/headwater.ts');
    await headwater(['token', 'revoke', server.tokens['alice']?.id ?? ''], { env: { HEADWATER_HOME: server.home } });
    await expect.poll(async () => (await person.open()).body, { timeout: 5000 }).toContain('Sign in');
    await alice.close().catch(() => {});
    await server.stop();
  });

  it('behind a proxy: links, cookies and names are those that people see', async () => {
    const server = await startHttp({ env: { HEADWATER_PUBLIC_URL: 'https://headwater.example.com/hw/' } });
    const client = await connectHttpV2(server.url);
    const { url } = asked(await client.call('request_credentials', { connector: 'postgresql', config: known() }));
    expect(url).toMatch(/^https:\/\/headwater\.example\.com\/hw\/credentials\/[\w-]{43}$/);
    const inside = server.at(`/credentials/${nonceOf(url)}`);
    const page = await visitPage(inside, 'headwater.example.com').open();
    expect(page.cookies[0]).toMatch(/^__Secure-headwater_opener=.*; Path=\/hw\/credentials\/.*; Secure$/);
    expect(page.body).not.toContain('not encrypted');
    expect((await visitPage(inside, 'evil.example').open()).status).toBe(403);
    await client.close();
    await server.stop();
  });
});
