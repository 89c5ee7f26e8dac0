import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCredentialPages } from '../../src/transports/pages/handler.ts';
import { listenForPages, type PageListener } from '../../src/transports/pages/loopback.ts';
import { hasChromium, newTab, startChromium, type Tab, violations } from '../support/chromium.ts';
import { type FakeHandover, FORM, fakeHandover, RIGHT, UNREACHABLE } from '../support/fake-handover.ts';

const PEM = '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n';

/** Run in the page: what has the focus, and how that shows. */
const FOCUSED = `(() => {
  const element = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  return [element.id || element.textContent.trim(), outlineStyle, outlineWidth].join(' ');
})()`;
const DROPPED = `(() => {
  const data = new DataTransfer();
  data.items.add(new File([${JSON.stringify(PEM)}], 'client.key'));
  return data;
})()`;
const focus = (page: Page) => page.evaluate<string>('document.activeElement.id');

describe.skipIf(!hasChromium)(
  'the credential page in Chromium (left out where it is not installed: npm run test:services)',
  () => {
    let browser: Browser;
    let handover: FakeHandover;
    let listener: PageListener;
    const faults: unknown[] = [];
    const tabs: Tab[] = [];

    beforeAll(async () => {
      handover = fakeHandover();
      const onFault = (error: unknown) => void faults.push(error);
      listener = await listenForPages(createCredentialPages({ handover, now: () => new Date(), onFault }));
      browser = await startChromium();
    });
    afterAll(async () => {
      await browser?.close();
      listener?.close();
      expect(tabs.flatMap(({ complaints }) => complaints)).toEqual([]);
      expect(faults).toEqual([]);
    });

    const visit = async (changes: Parameters<FakeHandover['begin']>[0] = {}, options = {}) => {
      const nonce = handover.begin(changes);
      const tab = await newTab(browser, options);
      tabs.push(tab);
      await tab.page.goto(listener.url(nonce));
      return { ...tab, nonce, url: listener.url(nonce) };
    };

    it('a wrong password is corrected on the page, with the test told as it runs', async () => {
      const { page, nonce, context } = await visit();
      expect(await page.locator('#match-code').textContent()).toBe('KX7-42M');
      expect(await page.getByRole('row', { name: 'Host db.example.com' }).count()).toBe(1);
      expect(await page.locator('#expiry').textContent()).toMatch(/\d\d:\d\d.*\((9|10) minutes left\)/);
      await page.getByLabel('User name').fill('slow');
      await page.getByLabel('Password', { exact: true }).fill('wrong');
      await page.getByRole('button', { name: 'Test and hand over' }).click();
      await page.locator('#running li').first().waitFor();
      const alert = page.getByRole('alert');
      await alert.waitFor();
      expect(await focus(page)).toBe('problems');
      expect(await violations(page)).toEqual([]);
      const password = page.getByLabel('Password', { exact: true });
      expect(await password.getAttribute('aria-invalid')).toBe('true');
      expect(await page.locator('#field-1-problem').textContent()).toBe('The server rejected user app.');
      // What was typed stays where it was typed.
      expect(await password.inputValue()).toBe('wrong');
      await alert.getByRole('link').nth(1).click();
      expect(await focus(page)).toBe('field-1');
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type(RIGHT);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Done: return to your conversation' }).waitFor();
      expect(handover.given.get(nonce)).toEqual({ username: 'slow', password: RIGHT });
      expect(await violations(page)).toEqual([]);
      expect(await page.content()).not.toContain(RIGHT);
      expect(page.url()).not.toContain('?');
      const [cookie] = await context.cookies(page.url());
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: `/credentials/${nonce}` });
    });

    it.each(['light', 'dark'] as const)(
      'no violation found by axe-core, at 375 px and in %s colours',
      async (colorScheme) => {
        const { page } = await visit(
          { signIn: { provider: 'GitHub', only: false } },
          { colorScheme, viewport: { width: 375, height: 700 } },
        );
        expect(await violations(page)).toEqual([]);
        await page.getByLabel('User name').fill('app');
        await page.getByLabel('Password', { exact: true }).fill(UNREACHABLE);
        await page.getByRole('button', { name: 'Test and hand over' }).click();
        await page.getByRole('button', { name: 'Give it without a test' }).waitFor();
        expect(await violations(page)).toEqual([]);
        const width = () => page.evaluate<number>('document.documentElement.scrollWidth');
        expect(await width()).toBeLessThanOrEqual(375);
        await page.setViewportSize({ width: 320, height: 700 });
        expect(await width()).toBeLessThanOrEqual(320);
      },
    );

    it('by keyboard alone, with a place to see at each step', async () => {
      const { page, nonce } = await visit({ takesConnectionString: false });
      const focused = () => page.evaluate<string>(FOCUSED);
      const stops: string[] = [];
      await page.keyboard.press('Tab');
      for (const key of ['app', 'Tab', RIGHT, 'Tab', 'Tab', PEM.replace(/\n/g, 'N'), 'Tab', 'Tab', 'Tab']) {
        if (key !== 'Tab') await page.keyboard.type(key);
        else {
          stops.push(await focused());
          await page.keyboard.press('Tab');
        }
      }
      stops.push(await focused());
      expect(stops).toEqual([
        'field-0 solid 3px',
        'field-1 solid 3px',
        'Show Password solid 3px',
        'field-2 solid 3px',
        'Show Client key solid 3px',
        expect.stringContaining('field-2-file'),
        'send solid 3px',
      ]);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Done' }).waitFor();
      expect(handover.given.get(nonce)).toMatchObject({ username: 'app', password: RIGHT });
    });

    it('secrets are hidden until they are to be seen', async () => {
      const { page } = await visit();
      const password = page.getByLabel('Password', { exact: true });
      const show = page.getByRole('button', { name: 'Show Password' });
      expect(await password.getAttribute('type')).toBe('password');
      await show.click();
      expect(await password.getAttribute('type')).toBe('text');
      expect(await show.getAttribute('aria-pressed')).toBe('true');
      await show.click();
      expect(await password.getAttribute('type')).toBe('password');
      const security = () =>
        page.evaluate<string>("getComputedStyle(document.querySelector('textarea')).webkitTextSecurity");
      expect(await security()).toBe('disc');
      await page.getByRole('button', { name: 'Show Client key' }).click();
      expect(await security()).toBe('none');
    });

    it('a key of many lines is pasted, chosen as a file or dropped', async () => {
      const { page, nonce } = await visit();
      const key = page.locator('textarea');
      const file = { name: 'client.key', mimeType: 'text/plain', buffer: Buffer.from(PEM) };
      await page.getByLabel('Choose a file for Client key').setInputFiles(file);
      await expect.poll(() => key.inputValue()).toBe(PEM);
      await key.fill('');
      const transfer = await page.evaluateHandle<object>(DROPPED);
      await key.dispatchEvent('drop', { dataTransfer: transfer });
      await expect.poll(() => key.inputValue()).toBe(PEM);
      expect(await page.getByRole('status').textContent()).toBe('client.key is in the field.');
      await page.getByLabel('User name').fill('app');
      await page.getByLabel('Password', { exact: true }).fill(RIGHT);
      await page.getByRole('button', { name: 'Test and hand over' }).click();
      await page.getByRole('heading', { name: 'Done' }).waitFor();
      expect(handover.given.get(nonce)?.['tls_key']).toBe(PEM);
    });

    it('a connection string fills the fields, wherever it is pasted', async () => {
      const { page, nonce } = await visit({}, { permissions: ['clipboard-read', 'clipboard-write'] });
      const whole = `postgresql://app:${encodeURIComponent(RIGHT)}@db.example.com:5432/shop`;
      await page.getByLabel('Connection string', { exact: false }).first().fill(whole);
      expect(await page.getByLabel('User name').inputValue()).toBe('app');
      expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe(RIGHT);
      expect(await page.locator('#whole').inputValue()).toBe('');
      await page.getByLabel('User name').fill('');
      await page.getByLabel('Password', { exact: true }).fill('');
      await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(`${whole}?sslmode=require`)})`);
      await page.getByLabel('Password', { exact: true }).focus();
      await page.keyboard.press('ControlOrMeta+v');
      await expect.poll(() => page.getByLabel('User name').inputValue()).toBe('app');
      // There is more in it than the fields hold: it goes along.
      expect(await page.locator('#whole').inputValue()).toBe(`${whole}?sslmode=require`);
      await page.getByRole('button', { name: 'Test and hand over' }).click();
      await page.getByRole('heading', { name: 'Done' }).waitFor();
      expect(handover.given.get(nonce)).toMatchObject({ username: 'app', password: RIGHT });
    });

    it('without JavaScript: the same, a page at a time', async () => {
      const { page, nonce } = await visit({}, { javaScriptEnabled: false });
      await page.getByLabel('User name').fill('app');
      await page.getByLabel('Password', { exact: true }).fill('wrong');
      await page.getByRole('button', { name: 'Test and hand over' }).click();
      expect(await page.title()).toContain('Please check');
      expect(await page.locator('#field-1-problem').textContent()).toBe('The server rejected user app.');
      expect(await page.getByLabel('User name').inputValue()).toBe('app');
      expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe('');
      expect(await page.getByRole('button', { name: /Show|Choose/ }).count()).toBe(0);
      await page.getByLabel('Password', { exact: true }).fill(RIGHT);
      await page.locator('textarea').fill(PEM);
      await page.getByRole('button', { name: 'Test and hand over' }).click();
      expect(await page.locator('h1').textContent()).toBe('Done: return to your conversation');
      expect(handover.given.get(nonce)).toEqual({ username: 'app', password: RIGHT, tls_key: PEM });
    });

    it('where the test cannot tell, it is given without one', async () => {
      const { page, nonce } = await visit();
      await page.getByLabel('User name').fill('app');
      await page.getByLabel('Password', { exact: true }).fill(UNREACHABLE);
      expect(await page.getByRole('button', { name: 'Give it without a test' }).count()).toBe(0);
      await page.getByRole('button', { name: 'Test and hand over' }).click();
      await page.getByRole('button', { name: 'Give it without a test' }).click();
      await page.getByRole('heading', { name: 'Done' }).waitFor();
      expect(handover.given.get(nonce)).toMatchObject({ password: UNREACHABLE });
    });

    it('choices, fields that are filled in already, and nothing but what is asked for', async () => {
      const fields = [
        { ...FORM.fields[0], path: 'auth/region', title: 'Region', options: ['eu', 'us'], value: 'us' },
        { ...FORM.fields[0], path: 'plan', title: 'Plan', options: ['a', 'b'], required: true },
        { ...FORM.fields[1], path: 'auth/token', title: 'Token' },
      ].map((field) => ({ description: '', secret: false, multiline: false, required: true, ...field }));
      const { page, nonce } = await visit({ fields, takesConnectionString: false, known: [] });
      expect(await page.getByLabel('Region').inputValue()).toBe('us');
      expect(await violations(page)).toEqual([]);
      await page.getByLabel('Token', { exact: true }).fill(RIGHT);
      await page.getByRole('button', { name: 'Test and hand over' }).click();
      await page.getByRole('link', { name: 'Choose: Plan.' }).waitFor();
      await page.getByLabel('Plan').selectOption('b');
      await page.getByRole('button', { name: 'Test and hand over' }).click();
      await page.getByText('rejected').first().waitFor();
      expect(handover.given.has(nonce)).toBe(false);
    });

    it('a link followed from another site opens, and opens again', async () => {
      const nonce = handover.begin();
      const url = listener.url(nonce);
      const tab = await newTab(browser);
      tabs.push(tab);
      const { page } = tab;
      await page.route('http://chat.example/', (route) =>
        route.fulfill({
          contentType: 'text/html',
          body: `<a href="${url}">the link</a><iframe src="${url}"></iframe>`,
        }),
      );
      for (let visits = 0; visits < 2; visits++) {
        await page.goto('http://chat.example/');
        await page.getByRole('link').click();
        await page.locator('#match-code').waitFor();
      }
      // The frame that the other site makes of it stays empty.
      tab.complaints.splice(
        0,
        Number.POSITIVE_INFINITY,
        ...tab.complaints.filter((text) => !/frame|X-Frame/i.test(text)),
      );
    });

    it('a second browser, a form from another site and a page in a frame get nothing', async () => {
      const { page, url, nonce } = await visit();
      const second = await newTab(browser);
      await second.page.goto(url);
      expect(await second.page.locator('h1').textContent()).toBe('This link does not work');
      await page.route('http://evil.example/', (route) =>
        route.fulfill({
          contentType: 'text/html',
          body: `<form method="post" action="${url}"><input name="value.username" value="x"><input name="value.password" value="${RIGHT}"><button>Go</button></form>`,
        }),
      );
      await page.goto('http://evil.example/');
      await page.getByRole('button').click();
      expect(await page.locator('h1').textContent()).toBe('That was not taken');
      expect(handover.given.has(nonce)).toBe(false);
      await page.goto(url);
      expect(await page.locator('#match-code').count()).toBe(1);
    });

    it('a link whose time ends under way says so', async () => {
      const { page, nonce } = await visit();
      await page.getByLabel('User name').fill('app');
      await page.getByLabel('Password', { exact: true }).fill(RIGHT);
      handover.expire(nonce);
      await page.getByRole('button', { name: 'Test and hand over' }).click();
      await page.getByRole('heading', { name: 'This link does not work' }).waitFor();
      expect(await violations(page)).toEqual([]);
    });

    it('a server that goes away under way is said', async () => {
      const { page, context, complaints } = await visit();
      await page.getByLabel('User name').fill('app');
      await page.getByLabel('Password', { exact: true }).fill(RIGHT);
      await context.setOffline(true);
      await page.getByRole('button', { name: 'Test and hand over' }).click();
      await page.getByText('The connection to Headwater was lost.').waitFor();
      await context.setOffline(false);
      expect(complaints.splice(0)).toEqual([expect.stringContaining('ERR_INTERNET_DISCONNECTED')]);
      await page.getByRole('button', { name: 'Test and hand over' }).click();
      await page.getByRole('heading', { name: 'Done' }).waitFor();
    });
  },
);
