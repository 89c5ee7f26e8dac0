import { randomUUID } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import { join } from 'node:path';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { isJsonContentType, isLegacyRequest } from '@modelcontextprotocol/server';
import type { App } from '../../app.ts';
import { HeadwaterError } from '../../errors.ts';
import { createServer } from '../../server.ts';
import { LOCAL_PRINCIPAL, type Principal } from '../../sources/principal.ts';
import { createModernLane } from './modern.ts';
import { isPermitted, permittedHosts } from './origin.ts';
import { createSessions, refusal } from './sessions.ts';
import { createAuthenticator } from './tokens.ts';

export interface HttpOptions {
  host: string;
  port: number;
  /** Names besides our own that requests may call us by. */
  allowHosts: readonly string[];
  /** What answers behind the guards: the product, where a test brings nothing of its own. */
  serverOf?: typeof createServer;
}

export interface HttpServer {
  url: string;
  /** Takes no more requests, lets those that run end for up to 10 s, then ends. */
  close(): Promise<void>;
}

const MOST_BODY_BYTES = 1024 * 1024;
const MOST_HEADER_BYTES = 16 * 1024;
const DRAIN_MS = 10_000;
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const READY_MS = 5_000;

/**
 * Serves MCP over Streamable HTTP at /mcp, with /healthz and /readyz. Who calls is judged before what is asked: Host and
 * Origin, then the token, then the body.
 * @throws HeadwaterError INVALID_ARGUMENTS for an address other than loopback without any token
 */
export async function serveOverHttp(app: App, options: HttpOptions): Promise<HttpServer> {
  const { serverOf = createServer } = options;
  const tokenFile = join(app.settings.home, 'tokens.json');
  const authenticator = createAuthenticator(tokenFile);
  const isLocal = isLoopback(options.host);
  if (!isLocal && !(await authenticator.hasTokens())) {
    throw new HeadwaterError(
      'INVALID_ARGUMENTS',
      `${options.host} is not a loopback address, and there is no token yet.`,
      {
        hint: 'Make one first: headwater token add NAME',
      },
    );
  }
  const hosts = permittedHosts(options.host, options.allowHosts);
  const sessions = createSessions((principal) => serverOf(app, principal));
  const modern = createModernLane(app, serverOf);

  /** The caller; `undefined` for one without a valid token. On loopback none is needed while there is none. */
  const callerOf = async ({ headers }: IncomingMessage): Promise<Principal | undefined> => {
    const token = /^Bearer ([\w-]{1,200})$/i.exec(headers.authorization ?? '')?.[1];
    if (token !== undefined) return authenticator.principalOf(token);
    return isLocal && !(await authenticator.hasTokens()) ? LOCAL_PRINCIPAL : undefined;
  };

  const mcp = async (request: IncomingMessage, response: ServerResponse, caller: Principal): Promise<void> => {
    const finished = new Promise<void>((resolve) => response.once('close', () => resolve()));
    const serve = async (web: Request): Promise<Response> => {
      if (web.method === 'POST' && !isJsonContentType(web.headers.get('content-type'))) {
        return refusal(415, -32000, 'Content-Type must be application/json');
      }
      const legacy = await isLegacyRequest(web, undefined, { maxRequestBodySize: MOST_BODY_BYTES });
      return legacy ? sessions.handle(web, caller, finished) : modern.handle(web, caller);
    };
    const onerror = (error: Error) => app.log.error({ kind: error.name }, 'fault in the HTTP transport');
    await toNodeHandler({ fetch: serve }, { maxRequestBodySize: MOST_BODY_BYTES, onerror })(
      asAdapterTakesIt(request),
      response,
    );
  };

  const ready = async (): Promise<{ status: number; body: unknown }> => {
    try {
      await withLimit(app.checkStore(), READY_MS);
      await withLimit(app.checkKey(), READY_MS);
      return { status: 200, body: { status: 'ready' } };
    } catch (error) {
      const { code, message } =
        error instanceof HeadwaterError ? error : new HeadwaterError('INTERNAL', 'A fault in Headwater.');
      return { status: 503, body: { status: 'not ready', error: { code, message } } };
    }
  };

  const route = async (request: IncomingMessage, response: ServerResponse): Promise<Principal | undefined> => {
    const { host, origin } = request.headers;
    if (!isPermitted({ host, origin: typeof origin === 'string' ? origin : undefined }, hosts)) {
      answer(response, 403, { error: 'Host or Origin not permitted' });
      return undefined;
    }
    const path = request.url?.split('?')[0];
    if (path === '/healthz') answer(response, 200, { status: 'ok' });
    else if (path === '/readyz') {
      const { status, body } = await ready();
      answer(response, status, body);
    } else if (path !== '/mcp') answer(response, 404, { error: 'Not found' });
    else {
      const caller = await callerOf(request);
      if (caller) await mcp(request, response, caller);
      else answer(response, 401, { error: 'A valid bearer token is required' }, { 'www-authenticate': 'Bearer' });
      return caller;
    }
    return undefined;
  };

  const server = createHttpServer(
    {
      maxHeaderSize: MOST_HEADER_BYTES,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: 5000,
    },
    (request, response) => {
      const started = performance.now();
      const id = randomUUID();
      response.setHeader('x-request-id', id);
      response.setHeader('x-content-type-options', 'nosniff');
      let caller: Principal | undefined;
      response.once('close', () => {
        const { method, url } = request;
        const who = caller ? { tenant: caller.tenant, subject: caller.subject } : {};
        const ms = Math.round(performance.now() - started);
        app.log.info(
          { request_id: id, method, path: url?.split('?')[0]?.slice(0, 100), status: response.statusCode, ms, ...who },
          'request',
        );
      });
      route(request, response).then(
        (found) => {
          caller = found;
        },
        () => {
          app.log.error({ request_id: id }, 'fault in the HTTP transport');
          if (!response.headersSent) answer(response, 500, { error: 'Internal error', request_id: id });
          else response.destroy();
        },
      );
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  const shown = isIPv6(options.host) ? `[${options.host}]` : options.host;
  return {
    url: `http://${shown}:${port}/mcp`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await withLimit(closed, DRAIN_MS).catch(() => {});
      await Promise.all([sessions.close(), modern.close()]);
      server.closeAllConnections();
    },
  };
}

/** The adapter's type knows no absent fields that are there as `undefined`; Node's are. */
function asAdapterTakesIt(request: IncomingMessage): Parameters<ReturnType<typeof toNodeHandler>>[0] {
  return request as Parameters<ReturnType<typeof toNodeHandler>>[0];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function answer(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers });
  response.end(JSON.stringify(body));
}

function withLimit<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HeadwaterError('DEADLINE_EXCEEDED', 'It took too long.')), ms);
    timer.unref();
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
