import type { HttpAnswer } from '../../net/http.ts';
import type { RpcAnswer } from './messages.ts';

/** Of one answer, and of everything that an old server's stream says in a test. */
export const MOST_BYTES = 4 * 1024 * 1024;

export type Transport = 'streamable_http' | 'sse';

/** What a server answered over HTTP, and what of it is MCP. */
export interface Reply extends HttpAnswer {
  rpc?: RpcAnswer | undefined;
}

/** A way to exchange messages with a server. */
export interface Channel {
  readonly transport: Transport;
  /** Set once it is agreed; goes with every request. */
  revision: string | undefined;
  request: (method: string, params: Record<string, unknown>, signal: AbortSignal) => Promise<Reply>;
  notify: (method: string, signal: AbortSignal) => Promise<void>;
  /** Ends the session at the server, if there is one. */
  end: (signal: AbortSignal) => Promise<void>;
}
