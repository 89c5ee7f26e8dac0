import { createServer as createHttpServer } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { App } from '../../app.ts';
import { HeadwaterError } from '../../errors.ts';
import { createServer } from '../../server.ts';
import { LOCAL_PRINCIPAL } from '../../sources/principal.ts';
import { answer } from './answers.ts';
import { createAuthenticator } from './authenticator.ts';
import { answerClientErrors } from './client-errors.ts';
import { createDrain } from './drain.ts';
import { beginExchange, type Exchange } from './exchange.ts';
import { readiness } from './health.ts';
import { type HttpLimits, LIMITS } from './limits.ts';
import { createEndpoint } from './mcp.ts';
import { createModernLane } from './modern.ts';
import { hostOf, permittedHosts } from './origin.ts';
import { pagesRoute, pageUrl } from './pages.ts';
import { endRevoked } from './revocation.ts';
import { createRouter } from './routes.ts';
import { createSessions } from './sessions.ts';

export interface HttpOptions {
  host: string;
  port: number;
  /** Names besides our own that requests may call us by. */
  allowHosts: readonly string[];
  /** Where they are to differ from the usual ones. */
  limits?: Partial<HttpLimits>;
  /** What is served; the product itself without. */
  serverOf?: typeof createServer;
}

export interface HttpServer {
  url: string;
  /** Takes no more connections, lets the calls that run end for up to 10 s, then ends. */
  close(): Promise<void>;
}

const LAST_WORDS_MS = 250;

/**
 * Serves MCP over Streamable HTTP at /mcp, with /healthz and /readyz.
 * @throws HeadwaterError INVALID_ARGUMENTS for an address other than loopback without any token, for one that cannot be
 *   listened on, and for names that are none
 */
export async function serveOverHttp(
  app: App,
  { host, port, allowHosts, limits = {}, serverOf = createServer }: HttpOptions,
): Promise<HttpServer> {
  const { bodyBytes, headerBytes, headersMs, requestMs, checkMs, keepAliveMs, drainMs, readyMs } = {
    ...LIMITS,
    ...limits,
  };
  const isLocal = isLoopback(host);
  const authenticator = createAuthenticator({
    path: join(app.settings.home, 'tokens.json'),
    anonymous: isLocal ? LOCAL_PRINCIPAL : undefined,
  });
  const { publicUrl } = app.settings;
  const names = allowHosts.map(nameOf);
  const hosts = permittedHosts(host, [...names, ...(publicUrl ? [publicUrl.hostname] : [])]);
  if (!isLocal && !(await authenticator.hasTokens())) {
    throw new HeadwaterError('INVALID_ARGUMENTS', `${host} is not a loopback address, and there is no token yet.`, {
      hint: 'Make one first: headwater token add NAME',
    });
  }

  const { log } = app;
  const sessions = createSessions({ createServer: (principal) => serverOf(app, principal, { surface: 'http' }) });
  const modern = createModernLane(app, serverOf);
  const route = createRouter({
    hosts,
    authenticator,
    endpoint: createEndpoint({ sessions, modern, mostBodyBytes: bodyBytes, log }),
    pages: pagesRoute(app, authenticator, publicUrl),
    ready: () => readiness(app, () => authenticator.hasTokens(), readyMs),
  });

  const open = new Set<Exchange>();
  const server = createHttpServer({
    maxHeaderSize: headerBytes,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: checkMs,
    keepAliveTimeout: keepAliveMs,
    // A request without Host is refused where all others are judged.
    requireHostHeader: false,
  });
  const drain = createDrain(server, open);
  server.on('request', (request, response) => {
    const exchange = beginExchange(request, response, log);
    open.add(exchange);
    response.once('close', () => open.delete(exchange));
    drain.watch(exchange);
    Promise.resolve(route(exchange)).catch((error: unknown) => {
      log.error({ request_id: exchange.id, kind: error instanceof Error ? error.name : typeof error }, 'fault');
      if (response.headersSent) response.destroy();
      else answer(response, 500, { error: 'Internal error', request_id: exchange.id });
    });
  });
  // What a client expects beyond 100-continue is no reason to treat it otherwise.
  server.on('checkExpectation', (request, response) => void server.emit('request', request, response));
  answerClientErrors(server, log);
  const stopLooking = endRevoked({ open, sessions, authenticator });

  const own = `http://${isIPv6(host) ? `[${host}]` : host}:${await listen(server, host, port)}`;
  const url = `${own}/mcp`;
  app.servePages(async (nonce) => pageUrl(nonce, publicUrl ?? new URL(own), names));
  log.info({ url }, 'listening');
  return {
    url,
    async close() {
      drain.begin();
      sessions.endStreams();
      await modern.endStreams();
      await drain.ended(drainMs);
      stopLooking();
      await Promise.all([sessions.close(), modern.close()]);
      // What was cut off hears of it.
      await drain.ended(LAST_WORDS_MS);
      server.closeAllConnections();
    },
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** A port in a name would be ignored, and a whole URL would never fit: better said than found out. */
function nameOf(text: string): string {
  const name = hostOf(isIPv6(text) ? `[${text}]` : text);
  if (name !== undefined && !/:\d+$/.test(text.replace(/^\[.*\]$/, ''))) return name;
  throw new HeadwaterError('INVALID_ARGUMENTS', `${JSON.stringify(text.slice(0, 100))} is not a host name.`, {
    hint: 'Give names alone, without scheme and port: --allow-host mcp.example.com',
  });
}

/** @returns the port. @throws HeadwaterError INVALID_ARGUMENTS */
async function listen(server: ReturnType<typeof createHttpServer>, host: string, port: number): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new HeadwaterError('INVALID_ARGUMENTS', `Cannot listen on ${host}, port ${port} (${why}).`, {
      hint: 'Give an address of this machine with --host and a free port with --port.',
    });
  }
  const address = server.address();
  return typeof address === 'object' && address ? address.port : port;
}
