import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serveLocalPages } from '../../src/transports/pages/local.ts';
import type { PageListener } from '../../src/transports/pages/loopback.ts';
import { hasChromium, newTab, startChromium, type Tab, violations } from '../support/chromium.ts';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import { type OAuthServer, startOAuthServer } from '../support/oauth-server.ts';

describe.skipIf(!hasChromium)(
  'signing in at an OAuth provider in Chromium (left out where it is not installed: npm run test:services)',
  () => {
    let browser: Browser;
    let session: InMemory;
    let listener: PageListener;
    let server: OAuthServer;
    const tabs: Tab[] = [];

    beforeAll(async () => {
      browser = await startChromium();
    });
    afterAll(async () => browser?.close());
    beforeEach(async () => {
      session = await inMemory();
      listener = await serveLocalPages(session.app);
      session.app.servePages(async (nonce) => listener.url(nonce));
      server = await startOAuthServer({ redirectUris: [listener.url('callback')] });
    });
    afterEach(async () => {
      for (const { context } of tabs.splice(0)) await context.close();
      listener.close();
      await session.close();
      await server.stop();
    });

    const config = () => ({
      url: server.issuer,
      test_path: '/me',
      auth: { method: 'oauth2', provider: 'custom', issuer: server.issuer, client_id: server.client.id },
    });

    const opened = async (options = {}) => {
      const begun = await session.done('request_credentials', { connector: 'rest_api', config: config() });
      const tab = await newTab(browser, options);
      tabs.push(tab);
      tab.page.setDefaultTimeout(10_000);
      await tab.page.goto(String(begun['url']));
      return { ...tab, begun };
    };

    const signsIn = async ({ page }: Pick<Tab, 'page'>) => {
      await page.locator('input[name=login]').fill('ada');
      await page.locator('input[name=password]').fill('any');
      await page.getByRole('button', { name: 'Sign-in' }).click();
      await page.getByRole('button', { name: 'Continue' }).click();
    };
    /** The provider's own pages would load a font from the internet. */
    const ours = (complaints: readonly string[]) =>
      complaints.filter((text) => !/ERR_NAME_NOT_RESOLVED|ERR_INTERNET|ERR_CONNECTION/.test(text));

    it.each([
      ['with a script', {}],
      ['without', { javaScriptEnabled: false }],
      ['on a phone', { viewport: { width: 375, height: 700 } }],
    ])('leads from the page to the provider and back, %s', async (_, options) => {
      const { page, begun, complaints } = await opened(options);
      expect(await page.getByRole('button', { name: 'Test and hand over' }).count()).toBe(0);
      expect(await page.locator('code').textContent()).toBe(listener.url('callback'));
      const hasScript = !('javaScriptEnabled' in options);
      if (hasScript) expect(await violations(page)).toEqual([]);
      await page.getByLabel(/^Client secret/).fill(server.client.secret);
      await page.getByRole('button', { name: /^Sign in with/ }).click();
      await signsIn({ page });
      await page.getByRole('heading', { name: 'Done: return to your conversation' }).waitFor();
      if (hasScript) expect(await violations(page)).toEqual([]);
      expect(ours(complaints)).toEqual([]);
      const ready = await session.done('request_credentials', { session_id: begun['session_id'], wait_s: 5 });
      const [next] = ready['next'] as { tool: string; arguments: Record<string, unknown> }[];
      const { source } = await session.done(next?.tool ?? '', next?.arguments);
      expect(source).toMatchObject({ status: 'Active', auth: { authenticated: true } });
      // The way back is good once.
      await page.reload();
      expect(await page.locator('h1').textContent()).toBe('This link does not work');
    });

    it('leads back to the page where access is not granted', async () => {
      const { page, complaints } = await opened();
      await page.getByRole('button', { name: /^Sign in with/ }).click();
      await page.getByRole('link', { name: /Abort|Cancel/ }).click();
      await page.getByRole('heading', { name: 'The sign-in did not lead to the end' }).waitFor();
      expect(await page.getByRole('alert').textContent()).toContain('Access was not granted');
      expect(await violations(page)).toEqual([]);
      await page.getByRole('link', { name: 'Back to the form' }).click();
      await page.locator('#match-code').waitFor();
      expect(ours(complaints)).toEqual([]);
    });

    it('is not for another browser to finish', async () => {
      const { page } = await opened();
      const left = page.waitForRequest((request) => request.url().startsWith(`${server.issuer}/auth?`));
      await page.getByLabel(/^Client secret/).fill(server.client.secret);
      await page.getByRole('button', { name: /^Sign in with/ }).click();
      const victim = await newTab(browser);
      tabs.push(victim);
      // Somebody else is sent the link, and signs in with an account of their own.
      await victim.page.goto((await left).url());
      await signsIn(victim);
      await victim.page.getByRole('heading', { name: 'This link does not work' }).waitFor();
      expect(server.grants).toEqual([]);
    });
  },
);
