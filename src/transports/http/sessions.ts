import { randomUUID } from 'node:crypto';
import { type McpServer, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import type { Principal } from '../../sources/principal.ts';

const IDLE_MS = 30 * 60 * 1000;
const SWEEP_MS = 60 * 1000;
const MOST_SESSIONS = 1000;
const MOST_PER_PRINCIPAL = 100;

interface Session {
  transport: WebStandardStreamableHTTPServerTransport;
  owner: string;
  lastUsed: number;
  /** Requests and streams that are open now: a session in use is never idle. */
  open: number;
}

/** The lane of 2025-era clients: a session each, so that questions, subscriptions and notifications reach them. */
export interface Sessions {
  /** `finished` settles when the answer, streams included, has gone out or was given up. */
  handle(request: Request, principal: Principal, finished: Promise<void>): Promise<Response>;
  close(): Promise<void>;
}

export function createSessions(
  createServer: (principal: Principal) => McpServer,
  now: () => number = () => Date.now(),
): Sessions {
  const sessions = new Map<string, Session>();
  const end = async (id: string) => {
    const session = sessions.get(id);
    sessions.delete(id);
    await session?.transport.close();
  };
  const sweep = setInterval(() => {
    for (const [id, { open, lastUsed }] of sessions) if (open === 0 && now() - lastUsed > IDLE_MS) void end(id);
  }, SWEEP_MS);
  sweep.unref();

  const begin = async (principal: Principal): Promise<Session | undefined> => {
    const owner = ownerOf(principal);
    const theirs = [...sessions.values()].filter((session) => session.owner === owner).length;
    if (sessions.size >= MOST_SESSIONS || theirs >= MOST_PER_PRINCIPAL) return undefined;
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, session),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    const session: Session = { transport, owner, lastUsed: now(), open: 0 };
    await createServer(principal).connect(transport);
    return session;
  };

  return {
    async handle(request, principal, finished) {
      const id = request.headers.get('mcp-session-id');
      const known = id === null ? undefined : sessions.get(id);
      // A session of somebody else and none at all are the same answer.
      if (id !== null && known?.owner !== ownerOf(principal)) return refusal(404, -32001, 'Session not found');
      const session = known ?? (await begin(principal));
      if (!session) return refusal(429, -32000, 'Too many sessions');
      session.open++;
      session.lastUsed = now();
      void finished.then(() => {
        session.open--;
        session.lastUsed = now();
      });
      return session.transport.handleRequest(request);
    },
    async close() {
      clearInterval(sweep);
      await Promise.all([...sessions.keys()].map(end));
    },
  };
}

function ownerOf({ tenant, subject, role }: Principal): string {
  return JSON.stringify([tenant, subject, role]);
}

export function refusal(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id: null }, { status });
}
