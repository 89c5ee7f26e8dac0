import { createMcpHandler, type McpHttpHandler } from '@modelcontextprotocol/server';
import type { App } from '../../app.ts';
import { SOURCE_URI } from '../../resources/source.ts';
import type { createServer } from '../../server.ts';
import type { Principal } from '../../sources/principal.ts';

/** The lane of 2026-07-28 clients: no sessions, a server for each request. */
export interface ModernLane {
  handle(request: Request, principal: Principal): Promise<Response>;
  close(): Promise<void>;
}

/**
 * One handler per principal, because a handler's subscribers all hear the same changes, and tenants must hear nothing of
 * each other.
 */
export function createModernLane(app: App, serverOf: typeof createServer): ModernLane {
  const handlers = new Map<string, McpHttpHandler>();
  const stops: (() => void)[] = [];
  const handlerOf = (principal: Principal): McpHttpHandler => {
    const key = JSON.stringify([principal.tenant, principal.subject, principal.role]);
    const known = handlers.get(key);
    if (known) return known;
    const handler = createMcpHandler(() => serverOf(app, principal, { tellsOfChanges: false }), {
      legacy: 'reject',
      onerror: (error) => app.log.debug({ kind: error.name }, 'protocol error'),
    });
    stops.push(
      app.onSourceChange(({ tenant, id }) => {
        if (tenant === principal.tenant) handler.notify.resourceUpdated(SOURCE_URI + id);
      }),
    );
    handlers.set(key, handler);
    return handler;
  };
  return {
    handle: (request, principal) => handlerOf(principal).fetch(request),
    async close() {
      for (const stop of stops) stop();
      await Promise.all([...handlers.values()].map((handler) => handler.close()));
    },
  };
}
