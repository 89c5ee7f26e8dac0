import { randomUUID } from 'node:crypto';
import {
  isInitializeRequest,
  type McpServer,
  SUPPORTED_PROTOCOL_VERSIONS,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { Principal } from '../../sources/principal.ts';
import { type Refusal, refusal } from './answers.ts';
import { type Caller, callerKey } from './caller.ts';
import { endCancelled } from './cancelled.ts';

const IDLE_MS = 30 * 60 * 1000;
const SWEEP_MS = 60 * 1000;

interface Session {
  transport: WebStandardStreamableHTTPServerTransport;
  caller: Caller;
  /** The caller's key. */
  owner: string;
  lastUsed: number;
  /** Requests and streams that are open now: a session in use is never idle. */
  open: number;
}

/** The lane of 2025-era clients: a session each, so that questions, subscriptions and notifications reach them. */
export interface Sessions {
  readonly size: number;
  /** `finished` settles when the answer, streams included, has gone out or was given up. */
  handle(request: Request, caller: Caller, body: unknown, finished: Promise<void>): Promise<Response>;
  /** Ends the sessions that nobody has used for 30 minutes. It happens by itself each minute. */
  sweep(): void;
  /** Ends the sessions of such callers, and the calls in them. */
  endOf(isGone: (caller: Caller) => boolean): void;
  /** Ends the streams that would stay open for ever. Calls go on. */
  endStreams(): void;
  close(): Promise<void>;
}

export interface SessionsOptions {
  createServer: (principal: Principal) => McpServer;
  /** Monotonic milliseconds. */
  clock?: () => number;
  most?: number;
  mostPerCaller?: number;
}

const NOT_OPENED: Refusal = {
  status: 400,
  code: -32000,
  message: 'No session: begin with an initialize request, and send its Mcp-Session-Id from then on',
};
const NOT_FOUND: Refusal = { status: 404, code: -32001, message: 'Session not found' };
const TOO_MANY: Refusal = { status: 429, code: -32000, message: 'Too many sessions' };

export function createSessions({
  createServer,
  clock = () => performance.now(),
  most = 1000,
  mostPerCaller = 500,
}: SessionsOptions): Sessions {
  const sessions = new Map<string, Session>();
  const end = async (id: string) => {
    const session = sessions.get(id);
    sessions.delete(id);
    await session?.transport.close();
  };
  const sweep = () => {
    for (const [id, { open, lastUsed }] of sessions) if (open === 0 && clock() - lastUsed > IDLE_MS) void end(id);
  };
  const timer = setInterval(sweep, SWEEP_MS);
  timer.unref();

  /**
   * Many clients leave their sessions behind: where there are too many, the one longest out of use goes. Of those of
   * the caller, or, where all together are too many, of whoever has most. False where they are all in use.
   */
  const makeRoom = (owner: string): boolean => {
    const counts = new Map<string, number>();
    for (const session of sessions.values()) counts.set(session.owner, (counts.get(session.owner) ?? 0) + 1);
    const isFullForOwner = (counts.get(owner) ?? 0) >= mostPerCaller;
    if (!isFullForOwner && sessions.size < most) return true;
    const [largest] = [...counts].sort(([, a], [, b]) => b - a);
    const payer = isFullForOwner ? owner : largest?.[0];
    const [oldest] = [...sessions]
      .filter(([, session]) => session.owner === payer && session.open === 0)
      .sort(([, a], [, b]) => a.lastUsed - b.lastUsed);
    if (oldest) void end(oldest[0]);
    return oldest !== undefined;
  };

  const begin = async (request: Request, caller: Caller, body: unknown, finished: Promise<void>) => {
    const owner = callerKey(caller);
    if (!makeRoom(owner)) return refusal(TOO_MANY, body);
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, session),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    const session: Session = { transport, caller, owner, lastUsed: clock(), open: 0 };
    endCancelled(transport);
    await createServer(caller.principal).connect(transport);
    const response = await serve(session, request, body, finished);
    // Of one that was refused nothing stays.
    if (transport.sessionId === undefined) await transport.close();
    return response;
  };

  const serve = (session: Session, request: Request, body: unknown, finished: Promise<void>) => {
    const used = (change: 1 | -1) => {
      session.open += change;
      session.lastUsed = clock();
    };
    used(1);
    void finished.then(() => used(-1));
    return session.transport.handleRequest(request, body === undefined ? {} : { parsedBody: body });
  };

  return {
    get size() {
      return sessions.size;
    },
    async handle(request, caller, body, finished) {
      const version = request.headers.get('mcp-protocol-version');
      if (version !== null && !SUPPORTED_PROTOCOL_VERSIONS.includes(version))
        return refusal(unsupported(version), body);
      const id = request.headers.get('mcp-session-id');
      if (id === null) {
        return isInitializeRequest(body) ? begin(request, caller, body, finished) : refusal(NOT_OPENED, body);
      }
      const session = sessions.get(id);
      // A session of somebody else and none at all are the same answer.
      if (session?.owner !== callerKey(caller)) return refusal(NOT_FOUND, body);
      return serve(session, request, body, finished);
    },
    sweep,
    endOf(isGone) {
      for (const [id, { caller }] of sessions) if (isGone(caller)) void end(id);
    },
    endStreams() {
      for (const { transport } of sessions.values()) transport.closeStandaloneSSEStream();
    },
    async close() {
      clearInterval(timer);
      await Promise.all([...sessions.keys()].map(end));
    },
  };
}

function unsupported(requested: string): Refusal {
  const supported = [...SUPPORTED_PROTOCOL_VERSIONS];
  return { status: 400, code: -32022, message: 'Unsupported protocol version', data: { supported, requested } };
}
