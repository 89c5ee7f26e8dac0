import { request } from 'node:http';
import { connect } from 'node:net';
import { modern } from './raw-server.ts';

export interface RawRequest {
  method?: string;
  path?: string;
  /** Exactly these, beside the length of a body; `host` is that of the URL without. */
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
}

export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** What the text says as JSON, or the only event of a stream. */
  json: unknown;
}

export const JSON_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
} as const;

/** One request without a client in between, over a connection of its own. */
export function send(url: string, { method = 'POST', path, headers = {}, body }: RawRequest = {}): Promise<RawAnswer> {
  const { hostname, port, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const sent = request(
      {
        host: hostname.replace(/[[\]]/g, ''),
        port,
        path: path ?? pathname,
        method,
        headers: { ...length, ...headers },
        agent: false,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('error', reject);
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: jsonOf(text) });
        });
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

/** A JSON-RPC request of the 2026-07-28 revision, with the headers that belong to it. */
export function modernRequest(
  method: string,
  params: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): RawRequest {
  const name = params['name'] ?? params['uri'];
  return {
    headers: {
      ...JSON_HEADERS,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: modern(params) }),
  };
}

/** A JSON-RPC request of the 2025 era. */
export function legacyRequest(
  method: string,
  params: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): RawRequest {
  return {
    headers: { ...JSON_HEADERS, ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  };
}

export function initialize(headers: Record<string, string> = {}): RawRequest {
  const clientInfo = { name: 'raw', version: '0' };
  return legacyRequest('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }, headers);
}

/** Writes bytes to the server as they are, and answers with all it says until it closes the connection. */
export function sendBytes(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let heard = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      heard += chunk;
    });
    socket.on('error', () => {});
    socket.once('close', () => resolve(heard));
    socket.write(text);
  });
}

function jsonOf(text: string): unknown {
  const event = /^data: (.+)$/m.exec(text)?.[1];
  try {
    return JSON.parse(event ?? text);
  } catch {
    return undefined;
  }
}
