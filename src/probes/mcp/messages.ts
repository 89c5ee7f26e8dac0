import { withoutMark } from '../http/judge.ts';

/** The few messages of MCP that a test needs. Sources: the specification's revisions 2024-10-07 to 2026-07-28. */

/** The revision without sessions: every request says everything about itself. */
export const MODERN = '2026-07-28';
/** Revisions whose sessions begin with `initialize`, newest first. */
export const WITH_HANDSHAKE = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'] as const;

const CLIENT = { name: 'headwater', version: '0' };
const META = 'io.modelcontextprotocol';
export const SERVER_INFO = `${META}/serverInfo`;

export const INITIALIZE = { protocolVersion: WITH_HANDSHAKE[0], capabilities: {}, clientInfo: CLIENT };

/** Parameters as a request of this revision has them. */
export function paramsIn(revision: string, params: Record<string, unknown>): Record<string, unknown> {
  if (revision !== MODERN) return params;
  const envelope = {
    [`${META}/protocolVersion`]: MODERN,
    [`${META}/clientCapabilities`]: {},
    [`${META}/clientInfo`]: CLIENT,
  };
  return { ...params, _meta: envelope };
}

export interface RpcError {
  code: number;
  message: string;
  data?: unknown;
}

/** What a JSON-RPC server answers with. */
export type RpcAnswer = { result: Record<string, unknown> } | { error: RpcError };

/** The answer to a request in a message, or in a batch of them; requests and notifications are passed over. */
export function answerIn(text: string, id: number): RpcAnswer | undefined {
  const parsed = parse(text);
  for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
    if (!isRecord(message) || message['jsonrpc'] !== '2.0') continue;
    const { result, error } = message;
    // Errors of requests that could not be read have no id.
    if (isError(error) && (message['id'] === id || message['id'] === null || message['id'] === undefined))
      return { error };
    if (message['id'] === id && isRecord(result)) return { result };
  }
  return undefined;
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(withoutMark(text));
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isError(value: unknown): value is RpcError {
  return isRecord(value) && typeof value['code'] === 'number' && typeof value['message'] === 'string';
}
