import type { ServerResponse } from 'node:http';

/** Answers a request that never reaches the protocol. */
export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers });
  response.end(JSON.stringify(body));
}

export interface Refusal {
  status: number;
  /** JSON-RPC's. */
  code: number;
  message: string;
  data?: unknown;
}

/** A refusal as clients of the protocol read it; of a request that was understood, with its id. */
export function refusal({ status, code, message, data }: Refusal, request?: unknown): Response {
  const error = { code, message, ...(data === undefined ? {} : { data }) };
  return Response.json({ jsonrpc: '2.0', error, id: idOf(request) }, { status });
}

function idOf(request: unknown): string | number | null {
  if (typeof request !== 'object' || request === null || !('id' in request)) return null;
  return typeof request.id === 'string' || typeof request.id === 'number' ? request.id : null;
}
