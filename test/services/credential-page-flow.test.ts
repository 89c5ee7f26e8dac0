import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, newTab, startChromium, type Tab, violations } from '../support/chromium.ts';
import { shopConfig, WRONG_PASSWORD } from '../support/headwater.ts';
import { closedPort } from '../support/hostile-servers.ts';
import { connectHttpV2, startHttp } from '../support/http.ts';
import { type Connection, connectV2, type ToolAnswer } from '../support/mcp.ts';
import { startOAuthServer } from '../support/oauth-server.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { keyPair, SSH_USER, startSshServer } from '../support/ssh-server.ts';

interface Asked {
  session_id: string;
  url: string;
  match_code: string;
  state: string;
  config?: Record<string, unknown>;
  next: { tool: string; arguments: Record<string, unknown> }[];
}

const asked = ({ text, structured }: ToolAnswer) => {
  if (!structured) throw new Error(text);
  return structured as unknown as Asked;
};

function known(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const { password: _, ...config } = shopConfig(changes);
  return config;
}

/** A name in the network, without TLS: no browser trusts it with what it tells a server on loopback. */
const LAN_NAME = 'headwater.lan.example';

describe.skipIf(!hasChromium)(
  'from the conversation to the page and back, in Chromium (left out where it is not installed: npm run test:services)',
  () => {
    let browser: Browser;
    let session: Connection<unknown>;
    const tabs: Tab[] = [];

    beforeAll(async () => {
      [browser, session] = await Promise.all([
        startChromium(`--host-resolver-rules=MAP ${LAN_NAME} 127.0.0.1`),
        connectV2(),
      ]);
    });
    afterAll(async () => {
      await Promise.all([browser?.close(), session?.close()]);
      const complaints = tabs.flatMap((tab) => tab.complaints);
      // The provider's own pages want fonts from the network; one header is for safe connections alone.
      const known = /ERR_NAME_NOT_RESOLVED|Cross-Origin-Opener-Policy header has been ignored/;
      expect(complaints.filter((text) => !known.test(text))).toEqual([]);
    });

    const ask = async (args: Record<string, unknown>) => asked(await session.call('request_credentials', args));
    const visit = async (url: string, options = {}): Promise<Page> => {
      const tab = await newTab(browser, options);
      tabs.push(tab);
      await tab.page.goto(url);
      return tab.page;
    };
    const password = (page: Page) => page.locator('[name="value.password"]');
    const handOver = (page: Page) => page.getByRole('button', { name: 'Test and hand over' }).click();
    const done = (page: Page) => page.getByRole('heading', { name: 'Done: return to your conversation' }).waitFor();
    /** What follows in the conversation, as the answer itself proposes it. */
    const created = async ({ session_id }: Asked) => {
      const { next } = await ask({ session_id, wait_s: 5 });
      // The name is the agent's own: several sources of a kind are made here.
      const { structured, text } = await session.call(next[0]?.tool ?? '', { ...next[0]?.arguments, name: session_id });
      expect(structured, text).toBeDefined();
      return structured?.['source'];
    };

    it('PostgreSQL: a wrong password is corrected on the page, and the source is there in three calls', async () => {
      const begun = await ask({ connector: 'postgresql', config: known() });
      const page = await visit(begun.url);
      expect(await page.locator('#match-code').textContent()).toBe(begun.match_code);
      expect(await violations(page)).toEqual([]);
      await password(page).fill(WRONG_PASSWORD);
      await handOver(page);
      await page.getByRole('alert').waitFor();
      expect(await password(page).getAttribute('aria-invalid')).toBe('true');
      expect(await page.getByRole('button', { name: 'Give it without a test' }).count()).toBe(0);
      expect(await violations(page)).toEqual([]);
      await password(page).fill(sharedPostgres().readerPassword);
      await handOver(page);
      await done(page);
      expect(await violations(page)).toEqual([]);
      expect(await created(begun)).toMatchObject({ connector: 'postgresql', status: 'Active' });
    });

    it('where nothing answers yet, it is given without a test', async () => {
      const begun = await ask({ connector: 'postgresql', config: known({ port: await closedPort() }) });
      const page = await visit(begun.url);
      await password(page).fill(sharedPostgres().readerPassword);
      await handOver(page);
      const without = page.getByRole('button', { name: 'Give it without a test' });
      await without.waitFor();
      expect(await page.getByRole('alert').textContent()).toContain('Nothing listens on 127.0.0.1');
      expect(await violations(page)).toEqual([]);
      await without.click();
      await done(page);
      expect((await ask({ session_id: begun.session_id })).state).toBe('ready');
    });

    it('without JavaScript', async () => {
      const begun = await ask({ connector: 'postgresql', config: known() });
      const page = await visit(begun.url, { javaScriptEnabled: false, viewport: { width: 375, height: 700 } });
      await password(page).fill(WRONG_PASSWORD);
      await handOver(page);
      expect(await page.getByRole('alert').count()).toBe(1);
      await password(page).fill(sharedPostgres().readerPassword);
      await handOver(page);
      await done(page);
      expect(await created(begun)).toMatchObject({ status: 'Active' });
    });

    it.each([
      ['what is known already', known(), ''],
      ['what is known already, and more', known(), '?sslmode=require&application_name=shop'],
      ['all of it', { tls_mode: 'require' }, ''],
      ['all of it, and more', {}, '?sslmode=require'],
    ])('a connection string with %s', async (_, config, more) => {
      const { host, port, readerPassword } = sharedPostgres();
      const { username, database } = known();
      const begun = await ask({ connector: 'postgresql', config });
      const page = await visit(begun.url);
      await page
        .locator('#whole')
        .fill(`postgresql://${username}:${readerPassword}@${host}:${port}/${database}${more}`);
      expect(await password(page).inputValue()).toBe(readerPassword);
      await handOver(page);
      await done(page);
      expect(await created(begun)).toMatchObject({ status: 'Active', config: { host, database } });
    });

    it('a connection string with a wrong password is corrected in the field that it filled', async () => {
      const { host, port, readerPassword } = sharedPostgres();
      const { username, database } = known();
      const begun = await ask({ connector: 'postgresql', config: {} });
      const page = await visit(begun.url);
      const string = page.locator('#whole');
      await string.fill(`postgresql://${username}:${WRONG_PASSWORD}@${host}:${port}/${database}?sslmode=require`);
      await handOver(page);
      await page.getByRole('alert').waitFor();
      await password(page).fill(readerPassword);
      expect(await string.inputValue()).toContain(`:${readerPassword}@`);
      await handOver(page);
      await done(page);
    });

    it('a connection string that leads elsewhere than what is known is told', async () => {
      const begun = await ask({ connector: 'postgresql', config: known() });
      const page = await visit(begun.url);
      await page.locator('#whole').fill('postgresql://shop_reader:x@elsewhere.example.com/shop');
      await handOver(page);
      await page.getByRole('alert').waitFor();
      expect(await page.locator('#whole-problem').textContent()).toMatch(/connection string, with another value/);
    });

    it('a key of many lines, for the tunnel on the way', async () => {
      const { privateKey, publicLine } = keyPair();
      const ssh = await startSshServer({ keys: [publicLine], keysOnly: true });
      const tunnel = { ssh_host: ssh.host, ssh_port: ssh.port, ssh_username: SSH_USER };
      const begun = await ask({
        connector: 'postgresql',
        config: known(tunnel),
        fields: ['password', 'ssh_private_key'],
      });
      const page = await visit(begun.url);
      await password(page).fill(sharedPostgres().readerPassword);
      await page.locator('textarea').fill(privateKey.replace('AAAA', 'AAAB'));
      await handOver(page);
      await page.getByRole('alert').waitFor();
      expect(await page.locator('textarea').getAttribute('aria-invalid')).toBe('true');
      const file = { name: 'id_ed25519', mimeType: 'text/plain', buffer: Buffer.from(privateKey) };
      await page.getByLabel('Choose a file').setInputFiles(file);
      await handOver(page);
      await done(page);
      expect(await created(begun)).toMatchObject({ status: 'Active' });
      await ssh.stop();
    });

    it.each([true, false])('a sign-in at a provider, with JavaScript: %s', async (javaScriptEnabled) => {
      const server = await startOAuthServer({ redirectUris: ['http://127.0.0.1/credentials/callback'] });
      const auth = { method: 'oauth2', provider: 'custom', issuer: server.issuer, client_id: server.client.id };
      const begun = await ask({ connector: 'rest_api', config: { url: server.issuer, test_path: '/me', auth } });
      const page = await visit(begun.url, { javaScriptEnabled });
      if (javaScriptEnabled) expect(await violations(page)).toEqual([]);
      const signIn = page.getByRole('button', { name: /^Sign in with/ });
      await page.locator('[name="value.auth/client_secret"]').fill(server.client.secret);
      await signIn.click();
      await page.locator('[name="login"]').fill('ada');
      await page.locator('[name="password"]').fill('any');
      await page.getByRole('button').first().click();
      await page.getByRole('button').first().click();
      await done(page);
      expect(new URL(page.url()).pathname).toBe('/credentials/callback');
      expect(await created(begun)).toMatchObject({ connector: 'rest_api', status: 'Active' });
      await server.stop();
    });

    it('a sign-in that the person refuses, and begins again', async () => {
      const server = await startOAuthServer({ redirectUris: ['http://127.0.0.1/credentials/callback'] });
      const auth = { method: 'oauth2', provider: 'custom', issuer: server.issuer, client_id: server.client.id };
      const begun = await ask({ connector: 'rest_api', config: { url: server.issuer, test_path: '/me', auth } });
      const page = await visit(begun.url);
      await page.locator('[name="value.auth/client_secret"]').fill(server.client.secret);
      await page.getByRole('button', { name: /^Sign in with/ }).click();
      await page.getByRole('link', { name: /cancel/i }).click();
      await page.getByRole('heading', { name: 'The sign-in did not lead to the end' }).waitFor();
      await page.getByRole('link', { name: 'Back to the form' }).click();
      expect(await page.locator('#match-code').textContent()).toBe(begun.match_code);
      await server.stop();
    });

    it.each([true, false])(
      'in a network without TLS, which the page says, with JavaScript: %s',
      async (javaScriptEnabled) => {
        const server = await startHttp({
          tokens: [{ name: 'alice', role: 'editor' }],
          args: ['--allow-host', LAN_NAME],
          env: { HEADWATER_EGRESS: 'allow_private' },
        });
        const token = server.tokens['alice']?.token ?? '';
        const alice = await connectHttpV2(server.url, { token });
        const begun = asked(await alice.call('request_credentials', { connector: 'postgresql', config: known() }));
        const url = new URL(begun.url);
        url.hostname = LAN_NAME;
        const page = await visit(url.href, { javaScriptEnabled });
        await page.getByRole('button', { name: 'Open the page' }).click();
        await page.getByLabel('Access token').fill(token);
        await page.keyboard.press('Enter');
        await page.getByRole('button', { name: 'Open the page' }).click();
        await page.getByText('This page is not encrypted.').waitFor();
        await password(page).fill(WRONG_PASSWORD);
        await handOver(page);
        await page.getByRole('alert').waitFor();
        await password(page).fill(sharedPostgres().readerPassword);
        await handOver(page);
        await done(page);
        await alice.close();
        await server.stop();
      },
    );

    it('over HTTP, once the person has signed in', async () => {
      const server = await startHttp({
        tokens: [{ name: 'alice', role: 'editor' }],
        env: { HEADWATER_EGRESS: 'allow_private' },
      });
      const token = server.tokens['alice']?.token ?? '';
      const alice = await connectHttpV2(server.url, { token });
      const begun = asked(await alice.call('request_credentials', { connector: 'postgresql', config: known() }));
      const page = await visit(begun.url);
      expect(await violations(page)).toEqual([]);
      await page.getByLabel('Access token').fill('hw_wrong');
      await page.keyboard.press('Enter');
      await page.getByText('This is not an access token of this server.').waitFor();
      expect(await violations(page)).toEqual([]);
      await page.getByLabel('Access token').fill(token);
      await page.keyboard.press('Enter');
      await password(page).fill(sharedPostgres().readerPassword);
      await handOver(page);
      await done(page);
      expect(asked(await alice.call('request_credentials', { session_id: begun.session_id })).state).toBe('ready');
      await alice.close();
      await server.stop();
    });
  },
);
