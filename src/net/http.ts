import type { Socket } from 'node:net';
import { pipeline, type Transform } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { Client, type Dispatcher } from 'undici';
import type { Secret } from '../secrets/secret.ts';

const MOST_HEADER_BYTES = 32 * 1024;
/** How long the body of a refusal may take: less than the shortest test. */
const REFUSAL_MS = 800;

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query, from the first slash. */
  path: string;
  headers: Readonly<Record<string, string | Secret>>;
  body?: string;
}

/** An answer whose body has not been read yet. `close` ends it, read or not, with its connection. */
export interface HttpExchange {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** The decoded body as it comes, to be read once. */
  body: AsyncIterable<Buffer>;
  close: () => void;
}

export interface HttpAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  truncated: boolean;
}

/**
 * One HTTP/1.1 request over a socket that is already connected, judged and, where wanted, encrypted. No redirect is
 * followed, no proxy asked, no other connection opened. Secrets in header values are opened here and nowhere else.
 * @throws undici's and Node's errors; HeadersOverflowError over 32 KiB of headers
 */
export async function exchangeOver(
  socket: Socket,
  origin: string,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<HttpExchange> {
  let given = false;
  const client = new Client(origin, {
    connect: (_, callback) => {
      // There is this one socket: undici, which connects again after a loss, is told that there is no more.
      const lost = given ? Object.assign(new Error('the connection is gone'), { code: 'ECONNRESET' }) : null;
      given = true;
      // Later, because undici is not ready for a socket that is there at once.
      queueMicrotask(() => (lost ? callback(lost, null) : callback(null, socket as never)));
    },
    maxHeaderSize: MOST_HEADER_BYTES,
    pipelining: 0,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  // Not awaited: a server that keeps sending must not keep us.
  const close = () => void client.destroy().catch(() => {});
  try {
    const { method, path, body } = request;
    const response = await client.request({
      method,
      path,
      headers: revealed(request.headers),
      signal,
      ...(body === undefined ? {} : { body }),
    });
    // An error that comes after the last look has nobody to hear it.
    response.body.on('error', () => {});
    const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
    return {
      status: response.statusCode,
      headers,
      body: decoded(response.body, headers['content-encoding']),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function revealed(headers: HttpRequest['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : value.reveal()]),
  );
}

/** What a coding is undone with, by the first byte that came. */
const DECODERS: Readonly<Record<string, (first: number) => Transform>> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  // Many servers leave out the zlib header that RFC 9110 asks for; a first byte of it ends in 8.
  deflate: (first) => ((first & 0x0f) === 8 ? createInflate() : createInflateRaw()),
  br: () => createBrotliDecompress(),
};
const MOST_CODINGS = 3;

/** An answer in a coding that was not asked for. */
export class UnknownCoding extends Error {
  readonly coding: string;
  constructor(coding: string) {
    super('unknown content coding');
    this.name = 'UnknownCoding';
    this.coding = coding;
  }
}

async function* decoded(body: Dispatcher.ResponseData['body'], encoding: string | undefined): AsyncGenerator<Buffer> {
  try {
    // The one that was put on last is taken off first (RFC 9110 §8.4).
    const codings = codingsOf(encoding).reverse();
    const stages = codings.reduce<AsyncIterable<Uint8Array>>(withoutCoding, body);
    for await (const chunk of stages) yield Buffer.from(chunk);
  } finally {
    body.destroy();
  }
}

function codingsOf(encoding = ''): string[] {
  const names = encoding.split(',').map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== '' && name !== 'identity');
}

async function* withoutCoding(source: AsyncIterable<Uint8Array>, coding: string, at: number) {
  const pieces = source[Symbol.asyncIterator]();
  const first = await pieces.next();
  // The answer to HEAD names the coding of a body that does not come.
  if (first.done === true) return;
  const decoder = at < MOST_CODINGS ? DECODERS[coding]?.(first.value[0] ?? 0) : undefined;
  if (decoder === undefined) throw new UnknownCoding(coding);
  // What goes wrong on either side is thrown where the decoder is read.
  yield* pipeline(resumed(first.value, pieces), decoder, () => {}) as AsyncIterable<Uint8Array>;
}

async function* resumed<T>(first: T, rest: AsyncIterator<T>): AsyncGenerator<T> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/**
 * Reads an answer to its end, or to a bound on what its body decodes to, so that a small answer cannot become a large
 * one; `truncated` says that there was more. Of a refusal, whose status says what matters, what comes at once is enough,
 * however it ends.
 */
export async function readBounded({ status, headers, body, close }: HttpExchange, most: number): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const read = async () => {
    for await (const chunk of body) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > most) break;
    }
  };
  try {
    if (status < 300) await read();
    else await Promise.race([read().catch(() => {}), delay(REFUSAL_MS, undefined, { ref: false })]);
  } finally {
    close();
  }
  return { status, headers, body: Buffer.concat(chunks).subarray(0, most), truncated: size > most };
}
