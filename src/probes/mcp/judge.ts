import { evidenceOf, isRedirect, redirectTarget, waitOf } from '../http/judge.ts';
import type { HttpSession } from '../http/session.ts';
import { type ProblemCode, type ProblemDetails, StepFailure } from '../problems/index.ts';
import type { Reply } from './channel.ts';
import type { RpcError } from './messages.ts';

/** What a reply is that should have answered `method` and did not. */
export function failureOf(session: HttpSession, reply: Reply, method: string): StepFailure {
  const { facts } = session;
  const { status, headers, rpc } = reply;
  const details = { evidence: evidenceOf(session, reply), driver_code: `HTTP ${status}` };
  const fail = (code: ProblemCode, what: string, more: ProblemDetails = {}) =>
    new StepFailure(code, { ...facts, what }, { ...details, ...more });
  if (rpc && 'error' in rpc) return errorFailure(session, rpc.error, method);
  if (isRedirect(reply)) return fail('HTTP_REDIRECT', redirectTarget(session, headers['location']));
  if (status === 404 || status === 410) return fail('MCP_NOT_FOUND', session.clean(session.url.pathname, 120));
  if (status === 405) return fail('MCP_NOT_MCP', 'it takes no messages at this address');
  if (status === 429) {
    const wait = waitOf(headers['retry-after'], session.context.now());
    return fail('HTTP_RATE_LIMITED', wait.words, wait.details);
  }
  if (status >= 500) return fail('HTTP_SERVER_ERROR', String(status));
  const type = session.clean(headers['content-type'], 60);
  if (/html/i.test(type)) return fail('MCP_NOT_MCP', 'it sends a web page');
  if (/event-stream/i.test(type)) return fail('MCP_BROKEN_ANSWER', `its stream ended without an answer to ${method}`);
  if (status >= 300) return fail('MCP_NOT_MCP', `it refuses the first message with status ${status}`);
  if (/json/i.test(type)) return fail('MCP_NOT_MCP', 'it sends JSON, but no answer of JSON-RPC');
  return fail('MCP_NOT_MCP', `it sends ${type || 'something without a type'}`);
}

/** An error of JSON-RPC, in its own number and words. */
export function errorFailure(session: HttpSession, { code, message }: RpcError, method: string): StepFailure {
  const details = { evidence: session.clean(message, 300), driver_code: `JSON-RPC ${code}` };
  return new StepFailure('MCP_ERROR', { ...session.facts, what: method }, details);
}
