import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../log.ts';
import type { Caller } from './caller.ts';

/** One request, its answer, and who asked as soon as that is known. */
export interface Exchange {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  caller?: Caller;
}

/** Where the client went away before anything was answered. Nobody reads it but the log's reader. */
const CLIENT_GONE = 499;

/** Begins an exchange: it gets an id, which the answer carries, and one line in the log when it is over. */
export function beginExchange(request: IncomingMessage, response: ServerResponse, log: Log): Exchange {
  const started = performance.now();
  const exchange: Exchange = { id: randomUUID(), request, response };
  response.setHeader('x-request-id', exchange.id);
  response.setHeader('x-content-type-options', 'nosniff');
  response.once('close', () => {
    const path = pathOf(request);
    log.info(
      {
        request_id: exchange.id,
        method: request.method,
        // Of another one, anything may be in it, a token included.
        path: isPath(path) ? path : isPage(path) ? PAGES : 'unknown',
        status: response.headersSent ? response.statusCode : CLIENT_GONE,
        ms: Math.round(performance.now() - started),
        tenant: exchange.caller?.principal.tenant,
        subject: exchange.caller?.principal.subject,
      },
      'request',
    );
  });
  return exchange;
}

/** The paths there are. */
const PATHS = ['/mcp', '/healthz', '/readyz'] as const;
export type Path = (typeof PATHS)[number];

export function isPath(text: string): text is Path {
  return PATHS.some((path) => path === text);
}

/** Below it, the rest of the path is what a link of a credential page carries: it is never written down. */
const PAGES = '/credentials';

export function isPage(path: string): boolean {
  return path.startsWith(`${PAGES}/`);
}

export function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}
