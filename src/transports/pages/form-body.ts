import type { IncomingMessage } from 'node:http';
import { collect } from '../http/body.ts';

const MOST_BYTES = 256 * 1024;
const FORM = /^application\/x-www-form-urlencoded\s*(;|$)/i;

export type FormBody = { fields: URLSearchParams } | { refused: 400 | 413 | 415 };

/** The fields of a form; `undefined` where the browser went away. */
export async function readForm(request: IncomingMessage): Promise<FormBody | undefined> {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  if (!FORM.test(type) || encoding !== 'identity') return { refused: 415 };
  if (Number(request.headers['content-length']) > MOST_BYTES) return { refused: 413 };
  const bytes = await collect(request, MOST_BYTES);
  if (bytes === 'too large') return { refused: 413 };
  if (!bytes) return undefined;
  try {
    return { fields: new URLSearchParams(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch {
    return { refused: 400 };
  }
}
