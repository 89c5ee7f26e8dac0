import type { IncomingMessage, ServerResponse } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { isJsonContentType, isLegacyRequest } from '@modelcontextprotocol/server';
import type { Log } from '../../log.ts';
import { answer, type Refusal } from './answers.ts';
import { readJson } from './body.ts';
import type { Caller } from './caller.ts';
import type { ModernLane } from './modern.ts';
import type { Sessions } from './sessions.ts';

/** Serves one request of a known caller at /mcp. */
export type Endpoint = (request: IncomingMessage, response: ServerResponse, caller: Caller) => Promise<void>;

export interface EndpointParts {
  sessions: Sessions;
  modern: ModernLane;
  mostBodyBytes: number;
  log: Log;
}

const MODERN = '2026-07-28';

/** The endpoint of both eras. The body is read once, here, and decides the lane. */
export function createEndpoint({ sessions, modern, mostBodyBytes, log }: EndpointParts): Endpoint {
  const onerror = ({ name }: Error) => log.error({ kind: name }, 'fault in the HTTP transport');
  return async (request, response, caller) => {
    const wrongMethod = methodRefusal(request);
    if (wrongMethod) return answer(response, 405, { error: 'Method not allowed' }, { allow: wrongMethod.allow });
    const finished = new Promise<void>((resolve) => response.once('close', () => resolve()));
    const read = request.method === 'POST' ? await readPost(request, mostBodyBytes) : { json: undefined };
    if (!read) return;
    if ('refused' in read) return refuse(response, read.refused);
    const serve = async (web: Request): Promise<Response> =>
      (await isLegacyRequest(web, read.json))
        ? sessions.handle(web, caller, read.json, finished)
        : modern.handle(web, caller.principal, read.json);
    await toNodeHandler({ fetch: serve }, { onerror })(asAdapterTakesIt(request), response, read.json);
  };
}

/** Besides POST there are the streams and the ends of sessions; 2026-07-28 knows neither. */
function methodRefusal({ method = '', headers }: IncomingMessage): { allow: string } | undefined {
  const hasSession = headers['mcp-session-id'] !== undefined && headers['mcp-protocol-version'] !== MODERN;
  const allowed = hasSession ? ['POST', 'GET', 'DELETE'] : ['POST'];
  return allowed.includes(method) ? undefined : { allow: allowed.join(', ') };
}

async function readPost(request: IncomingMessage, mostBytes: number): ReturnType<typeof readJson> {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  if (isJsonContentType(type) && encoding === 'identity') return await readJson(request, mostBytes);
  return { refused: { status: 415, code: -32000, message: 'A body is application/json, without an encoding' } };
}

/** The rest of the body is not waited for. */
function refuse(response: ServerResponse, { status, code, message }: Refusal): void {
  answer(response, status, { jsonrpc: '2.0', error: { code, message }, id: null }, { connection: 'close' });
}

/** The adapter's type knows no absent fields that are there as `undefined`; Node's are. */
function asAdapterTakesIt(request: IncomingMessage): Parameters<ReturnType<typeof toNodeHandler>>[0] {
  return request as Parameters<ReturnType<typeof toNodeHandler>>[0];
}
