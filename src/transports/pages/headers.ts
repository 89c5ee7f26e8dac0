import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { documentOf, type Page } from './document.ts';

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

export function answerPage(
  response: ServerResponse,
  page: Page,
  { status = 200, cookies = [], headers = {} }: AnswerParts = {},
): void {
  const nonce = randomBytes(16).toString('base64');
  response.writeHead(status, {
    ...SAFE_HEADERS,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy(nonce),
    ...(cookies.length > 0 ? { 'set-cookie': [...cookies] } : {}),
    ...headers,
  });
  response.end(documentOf(page, nonce));
}
