import { createMcpHandler, type McpHttpHandler } from '@modelcontextprotocol/server';
import type { App } from '../../app.ts';
import { SOURCE_URI } from '../../resources/source.ts';
import type { createServer } from '../../server.ts';
import type { Principal } from '../../sources/principal.ts';
import { type Refusal, refusal } from './answers.ts';

const MOST_STREAMS = 100;
const SHUTTING_DOWN: Refusal = { status: 503, code: -32000, message: 'The server is shutting down' };
/** The SDK's status of a call that was ended from our side, or by a client that will not read it. */
const CUT_OFF = 499;

/** The lane of 2026-07-28 clients: no sessions, a server for each request. */
export interface ModernLane {
  handle(request: Request, principal: Principal, body: unknown): Promise<Response>;
  /** Ends the streams that would stay open for ever, and takes no new ones. Calls go on. */
  endStreams(): Promise<void>;
  close(): Promise<void>;
}

/**
 * One handler per principal, because a handler's subscribers all hear the same changes, and tenants must hear nothing of
 * each other. Streams have another handler than calls: on shutdown they end first.
 */
export function createModernLane(app: App, serverOf: typeof createServer): ModernLane {
  const calls = new Map<string, McpHttpHandler>();
  const streams = new Map<string, McpHttpHandler>();
  const stops: (() => void)[] = [];
  let ending = false;

  const newHandler = (principal: Principal): McpHttpHandler =>
    createMcpHandler(
      ({ requestInfo }) =>
        serverOf(app, principal, { surface: 'http', tellsOfChanges: false, method: methodOf(requestInfo) }),
      {
        legacy: 'reject',
        maxSubscriptions: MOST_STREAMS,
        onerror: (error) => app.log.debug({ kind: error.name }, 'protocol error'),
      },
    );
  const newStreamHandler = (principal: Principal): McpHttpHandler => {
    const handler = newHandler(principal);
    stops.push(
      app.onSourceChange(({ tenant, id }) => {
        if (tenant === principal.tenant) handler.notify.resourceUpdated(SOURCE_URI + id);
      }),
    );
    return handler;
  };

  return {
    async handle(request, principal, body) {
      if (isListen(body)) {
        if (ending) return refusal(SHUTTING_DOWN, body);
        return handlerOf(streams, principal, newStreamHandler).fetch(request, { parsedBody: body });
      }
      const response = await handlerOf(calls, principal, newHandler).fetch(request, { parsedBody: body });
      return response.status === CUT_OFF ? refusal(SHUTTING_DOWN, body) : response;
    },
    async endStreams() {
      ending = true;
      for (const stop of stops) stop();
      await Promise.all([...streams.values()].map((handler) => handler.close()));
    },
    async close() {
      await Promise.all([...calls.values()].map((handler) => handler.close()));
    },
  };
}

function handlerOf(
  handlers: Map<string, McpHttpHandler>,
  principal: Principal,
  make: (principal: Principal) => McpHttpHandler,
): McpHttpHandler {
  const key = JSON.stringify([principal.tenant, principal.subject, principal.role]);
  const handler = handlers.get(key) ?? make(principal);
  handlers.set(key, handler);
  return handler;
}

/** The SDK has compared the header with the body before a server is made. */
function methodOf(request: Request | undefined): string | undefined {
  return request?.headers.get('mcp-method') ?? undefined;
}

function isListen(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'method' in body && body.method === 'subscriptions/listen';
}
