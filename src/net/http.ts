import type { Socket } from 'node:net';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Client, type Dispatcher } from 'undici';
import type { Secret } from '../secrets/secret.ts';

const MOST_HEADER_BYTES = 32 * 1024;

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST';
  /** Path and query, from the first slash. */
  path: string;
  headers: Readonly<Record<string, string | Secret>>;
  body?: string;
  /** Bytes of the decoded body to read at the most; what is over it is not read, and `truncated` says so. */
  mostBytes: number;
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
export async function requestOver(
  socket: Socket,
  origin: string,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const client = new Client(origin, {
    // Later, because undici is not ready for a socket that is there at once.
    connect: (_, callback) => queueMicrotask(() => callback(null, socket as never)),
    maxHeaderSize: MOST_HEADER_BYTES,
    pipelining: 0,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  try {
    const { method, path, body } = request;
    const response = await client.request({
      method,
      path,
      headers: revealed(request.headers),
      signal,
      ...(body === undefined ? {} : { body }),
    });
    const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
    return {
      status: response.statusCode,
      headers,
      ...(await bounded(response.body, headers['content-encoding'], request.mostBytes)),
    };
  } finally {
    // Not awaited: a server that keeps sending must not keep us.
    void client.destroy().catch(() => {});
  }
}

function revealed(headers: HttpRequest['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : value.reveal()]),
  );
}

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Reads a body up to a bound on what it decodes to, so that a small answer cannot become a large one. */
async function bounded(
  body: Dispatcher.ResponseData['body'],
  encoding: string | undefined,
  most: number,
): Promise<{ body: Buffer; truncated: boolean }> {
  const decoder = DECODERS[encoding?.trim().toLowerCase() ?? '']?.();
  const source = decoder ? body.on('error', (error) => decoder.emit('error', error)).pipe(decoder) : body;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    size += bytes.length;
    if (size > most) break;
  }
  body.destroy();
  return { body: Buffer.concat(chunks).subarray(0, most), truncated: size > most };
}
