import { HeadwaterError } from '../../errors.ts';
import { answer } from './answers.ts';
import type { Authenticator } from './authenticator.ts';
import { type Exchange, isPage, isPath, type Path, pathOf } from './exchange.ts';
import type { Health } from './health.ts';
import type { Endpoint } from './mcp.ts';
import { isPermitted } from './origin.ts';

type Route = (exchange: Exchange) => Promise<void> | void;

export interface RoutesParts {
  hosts: ReadonlySet<string>;
  authenticator: Authenticator;
  endpoint: Endpoint;
  /** Credential pages; they judge Origin themselves, and say who may. */
  pages: Route;
  ready: () => Promise<Health>;
}

/** From a request to its answer: Host and Origin first, then the path, then the caller. */
export function createRouter({ hosts, authenticator, endpoint, pages, ready }: RoutesParts): Route {
  const routes: Readonly<Record<Path, Route>> = {
    '/healthz': readOnly(({ response }) => answer(response, 200, { status: 'ok' })),
    '/readyz': readOnly(async ({ response }) => {
      const { status, body } = await ready();
      answer(response, status, body);
    }),
    '/mcp': async (exchange) => {
      const { request, response } = exchange;
      const { authorization, 'x-tenant-id': tenant } = request.headers;
      const caller = await authenticator.callerOf(authorization);
      if (!caller) return unauthorized(exchange);
      exchange.caller = caller;
      // The token says whose tenant it is. Whoever believes otherwise must not act on the wrong one.
      if (tenant === undefined || tenant === caller.principal.tenant) return endpoint(request, response, caller);
      answer(response, 403, { error: 'X-Tenant-Id is another tenant than that of the token' });
    },
  };
  return async (exchange) => {
    const { request, response } = exchange;
    const path = pathOf(request);
    const { host = [], origin = [] } = request.headersDistinct;
    try {
      if (isPage(path) && isPermitted({ host }, hosts)) await pages(exchange);
      else if (!isPermitted({ host, origin }, hosts)) {
        answer(response, 403, { error: 'Host or Origin not permitted' });
      } else if (isPath(path)) await routes[path](exchange);
      else answer(response, 404, { error: 'Not found' });
    } catch (thrown) {
      if (response.headersSent || !(thrown instanceof HeadwaterError)) throw thrown;
      const { code, message } = thrown;
      answer(response, 503, { error: { code, message } });
    }
  };
}

function readOnly(route: Route): Route {
  return (exchange) => {
    const { request, response } = exchange;
    if (request.method === 'GET' || request.method === 'HEAD') return route(exchange);
    answer(response, 405, { error: 'Method not allowed' }, { allow: 'GET, HEAD' });
  };
}

/** RFC 6750: why is said only to those who came with something. */
function unauthorized({ request, response }: Exchange): void {
  const why = request.headers.authorization === undefined ? '' : ', error="invalid_token"';
  const challenge = `Bearer realm="headwater"${why}`;
  answer(response, 401, { error: 'A valid bearer token is required' }, { 'www-authenticate': challenge });
}
