import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it came: what tests look at. */
export interface Seen {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  /** Parsed; undefined where there was none. */
  body: unknown;
  raw: string;
}

export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/**
 * What goes wrong with requests, once each unless it says otherwise. `drop` hangs up unheard; `after` lets the request be
 * done first; `html` is what gateways send; `slow` answers late.
 */
export interface Fault {
  method?: string;
  path?: RegExp;
  times?: number;
  do:
    | 'drop'
    | 'after'
    | { status: number; body?: unknown; html?: string; headers?: Record<string, string> }
    | { slowMs: number };
}

export interface VendorServer {
  url: string;
  requests: Seen[];
  /** From now on: the next request that fits fails so. */
  fail: (...faults: Fault[]) => void;
  /** Those that wrote, in order. */
  writes: () => Seen[];
  stop: () => Promise<void>;
}

/** A real HTTP server on loopback that plays a vendor's API. */
export async function startVendor(handle: (seen: Seen) => Reply | Promise<Reply>): Promise<VendorServer> {
  const requests: Seen[] = [];
  const faults: Fault[] = [];
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const seen = seenIn(request, Buffer.concat(chunks).toString('utf8'));
    requests.push(seen);
    const fault = takeFault(faults, seen);
    if (fault === 'drop') return void response.destroy();
    if (typeof fault === 'object' && 'status' in fault) return send(response, fault);
    if (typeof fault === 'object') await new Promise((resolve) => setTimeout(resolve, fault.slowMs));
    const reply = await handle(seen);
    if (fault === 'after') return void response.destroy();
    send(response, reply);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    fail: (...more) => void faults.push(...more),
    writes: () => requests.filter(({ method }) => method !== 'GET'),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function seenIn(request: IncomingMessage, raw: string): Seen {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://vendor.invalid');
  return {
    method: request.method ?? '',
    path: pathname,
    query: searchParams,
    headers: request.headers,
    body: parsed(raw),
    raw,
  };
}

/** What cannot be parsed stays as its text. */
function parsed(raw: string): unknown {
  try {
    return raw === '' ? undefined : JSON.parse(raw);
  } catch {
    return raw;
  }
}

function takeFault(faults: Fault[], { method, path }: Seen): Fault['do'] | undefined {
  const at = faults.findIndex(
    (fault) => (fault.method === undefined || fault.method === method) && (fault.path?.test(path) ?? true),
  );
  const fault = faults[at];
  if (!fault) return undefined;
  fault.times = (fault.times ?? 1) - 1;
  if (fault.times <= 0) faults.splice(at, 1);
  return fault.do;
}

function send(response: ServerResponse, { status, body, headers = {}, ...more }: Reply & { html?: string }): void {
  if (more.html !== undefined) {
    response.writeHead(status, { 'content-type': 'text/html', ...headers });
    response.end(more.html);
  } else if (body === undefined) {
    response.writeHead(status, headers);
    response.end();
  } else {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  }
}
