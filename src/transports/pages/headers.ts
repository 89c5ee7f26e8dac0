import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { documentOf, type Page } from './document.ts';
import { onwardsPage } from './short-pages.ts';

export interface AnswerParts {
  status?: number;
  cookies?: readonly string[];
  headers?: Readonly<Record<string, string>>;
}

/** Of every answer, whatever it is: kept nowhere, framed nowhere, told to nobody. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

function policy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/** What the script on a page asks for: the same as events, one line of JSON each. */
export const EVENTS = 'application/x-ndjson';

/** Whether an answer goes to the script of a page that is there already. */
export function wantsEvents({ req }: ServerResponse): boolean {
  return req.headers.accept?.includes(EVENTS) === true;
}

/** The event that puts another page in the place of this one. */
export function pageEvent({ title, main }: Page): string {
  return `${JSON.stringify({ is: 'page', title: `${title} · Headwater`, main: main.toString() })}\n`;
}

export function answerPage(
  response: ServerResponse,
  page: Page,
  { status = 200, cookies = [], headers = {} }: AnswerParts = {},
): void {
  const nonce = randomBytes(16).toString('base64');
  const asEvent = wantsEvents(response);
  response.writeHead(status, {
    ...SAFE_HEADERS,
    'content-type': asEvent ? EVENTS : 'text/html; charset=utf-8',
    'content-security-policy': policy(nonce),
    ...(cookies.length > 0 ? { 'set-cookie': [...cookies] } : {}),
    ...headers,
  });
  response.end(asEvent ? pageEvent(page) : documentOf(page, nonce));
}

/** Sends the browser on to another site: a form may not lead there, a page that says so or its script may. */
export function answerOnwards(response: ServerResponse, provider: string, url: string, cookie: string): void {
  if (wantsEvents(response)) {
    response.writeHead(200, { ...SAFE_HEADERS, 'content-type': EVENTS, 'set-cookie': cookie });
    response.end(`${JSON.stringify({ is: 'go', url })}\n`);
  } else answerPage(response, onwardsPage(provider, url), { cookies: [cookie] });
}
