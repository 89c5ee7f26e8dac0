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

/** An answer whose body is still to be read. Who takes one closes it. */
export interface HttpStream {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** Decoded. What it decodes to may be far more than what was sent: read up to a bound. */
  body: AsyncIterable<Buffer>;
  close: () => void;
}

/**
 * One HTTP/1.1 request over a socket that is already connected, judged and, where wanted, encrypted. No redirect is
 * followed, no proxy asked, no other connection opened. Secrets in header values are opened here and nowhere else.
 * @throws undici's and Node's errors; HeadersOverflowError over 32 KiB of headers
 */
export async function requestOver(
  socket: Socket,
  origin: string,
  { mostBytes, ...request }: HttpRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const stream = await streamOver(socket, origin, request, signal);
  try {
    return { status: stream.status, headers: stream.headers, ...(await bounded(stream.body, mostBytes)) };
  } finally {
    stream.close();
  }
}

/** Like `requestOver`, for a body that is not to be held as a whole. @throws like `requestOver`; so does its body */
export async function streamOver(
  socket: Socket,
  origin: string,
  { method, path, headers, body }: Omit<HttpRequest, 'mostBytes'>,
  signal: AbortSignal,
): Promise<HttpStream> {
  const client = new Client(origin, {
    // Later, because undici is not ready for a socket that is there at once.
    connect: (_, callback) => queueMicrotask(() => callback(null, socket as never)),
    maxHeaderSize: MOST_HEADER_BYTES,
    pipelining: 0,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  // Not awaited: a server that keeps sending must not keep us.
  const end = () => void client.destroy().catch(() => {});
  try {
    const response = await client.request({
      method,
      path,
      headers: revealed(headers),
      signal,
      ...(body === undefined ? {} : { body }),
    });
    const given = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
    const decoded = decodedBody(response.body, given['content-encoding']);
    return {
      status: response.statusCode,
      headers: given,
      body: decoded,
      close: () => {
        // An error that comes after the last look has nobody to hear it.
        response.body.on('error', () => {}).destroy();
        end();
      },
    };
  } catch (error) {
    end();
    throw error;
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

function decodedBody(body: Dispatcher.ResponseData['body'], encoding: string | undefined): AsyncIterable<Buffer> {
  const decoder = DECODERS[encoding?.trim().toLowerCase() ?? '']?.();
  return decoder ? (body.on('error', (error) => decoder.emit('error', error)).pipe(decoder) as never) : body;
}

/** Reads a body up to a bound on what it decodes to, so that a small answer cannot become a large one. */
async function bounded(body: AsyncIterable<Buffer>, most: number): Promise<{ body: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    size += bytes.length;
    if (size > most) break;
  }
  return { body: Buffer.concat(chunks).subarray(0, most), truncated: size > most };
}
