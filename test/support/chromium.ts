import axe from 'axe-core';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { ALL_SERVICES, SERVICES } from './services.ts';

const EXECUTABLE = SERVICES.find(({ name }) => name === 'Chromium')?.find();

/** Whether there is a browser for tests of pages, and if not, whether they may be left out. */
export const hasChromium = EXECUTABLE !== undefined || ALL_SERVICES;

/** Debian's own, that asks nobody on the network for anything. */
export function startChromium(...args: string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE ?? 'chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...args,
    ],
  });
}

export interface Tab {
  page: Page;
  context: BrowserContext;
  /** What the browser complained of: errors of scripts, and what the page's policy kept out. */
  complaints: string[];
}

/** A person's browser of their own: no cookie of anybody else's. */
export async function newTab(browser: Browser, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    // A status that tells of a wrong password is said in the console too.
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) complaints.push(message.text());
  });
  return { page, context, complaints };
}

/** What axe-core finds against the page as it is now: rule and element, one line each. */
export async function violations(page: Page): Promise<string[]> {
  // Through the debugger: the page's own policy lets no foreign script in.
  await page.evaluate(axe.source);
  return await page.evaluate<string[]>(`axe
    .run({ resultTypes: ['violations'] })
    .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`);
}
