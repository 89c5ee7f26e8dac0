import { randomUUID } from 'node:crypto';
import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { Server as ClassicServer } from '@modelcontextprotocol/sdk/server/index.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { createMcpHandler, McpServer as ModernServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

export const REMOTE = { name: 'weather', version: '3.1.4' };

/** A remote MCP server on loopback, made with the official SDKs, and what was asked of it. */
export interface RemoteMcp {
  url: string;
  /** Methods of JSON-RPC, and HTTP methods without a body, in their order. */
  heard: string[];
  /** Sessions begun and not ended. */
  sessions: Set<string>;
  stop: () => Promise<void>;
}

interface RemoteOptions {
  /** The token without which it refuses. */
  token?: string;
  /** Pages that tools come in. */
  pageSize?: number;
}

type Handle = (request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<void> | void;

const TOOLS = ['alerts', 'forecast', 'history', 'stations'].map((name) => ({
  name,
  inputSchema: {
    type: 'object' as const,
    properties: { city: { type: 'string' }, days: { type: ['integer', 'null'] } },
    required: ['city'],
  },
}));

/** Of the 2025 era: SDK v1 over Streamable HTTP, with sessions. */
export function startClassicMcp(options: RemoteOptions = {}): Promise<RemoteMcp> {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  return serve(options, '/mcp', async (request, response, body, remote) => {
    const id = String(request.headers['mcp-session-id'] ?? '');
    const known = transports.get(id);
    if (known) return await known.handleRequest(request, response, body);
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (session) => {
        transports.set(session, transport);
        remote.sessions.add(session);
      },
      onsessionclosed: (session) => void remote.sessions.delete(session),
    });
    // The SDK's own types disagree where absent fields are told from undefined ones.
    await classic(options).connect(transport as Parameters<ClassicServer['connect']>[0]);
    await transport.handleRequest(request, response, body);
  });
}

/** Of 2024: SDK v1 over HTTP+SSE. */
export function startOldMcp(options: RemoteOptions = {}): Promise<RemoteMcp> {
  const transports = new Map<string, SSEServerTransport>();
  return serve(options, '/sse', async (request, response, body, remote) => {
    if (request.method === 'GET' && request.url === '/sse') {
      const transport = new SSEServerTransport('/messages', response);
      transports.set(transport.sessionId, transport);
      remote.sessions.add(transport.sessionId);
      response.once('close', () => remote.sessions.delete(transport.sessionId));
      return await classic(options).connect(transport);
    }
    const id = new URL(request.url ?? '/', 'http://x').searchParams.get('sessionId') ?? '';
    const known = request.method === 'POST' ? transports.get(id) : undefined;
    if (!known) return void response.writeHead(404).end('Cannot POST /sse');
    await known.handlePostMessage(request, response, body);
  });
}

/** Of 2026-07-28 alone: SDK v2, without sessions. */
export function startModernMcp(options: RemoteOptions = {}): Promise<RemoteMcp> {
  const handler = createMcpHandler(
    () => {
      const server = new ModernServer(REMOTE);
      for (const { name } of TOOLS) {
        const inputSchema = z.object({ city: z.string(), days: z.number().optional() });
        server.registerTool(name, { inputSchema }, () => {
          throw new Error('a test must not call tools');
        });
      }
      return server;
    },
    { legacy: 'reject' },
  );
  const node = toNodeHandler(handler);
  return serve(options, '/mcp', (request, response, body) => node(request as never, response, body));
}

function classic({ pageSize = TOOLS.length }: RemoteOptions): ClassicServer {
  const server = new ClassicServer(REMOTE, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, ({ params }) => {
    const from = Number(params?.cursor ?? 0);
    const next = from + pageSize;
    return {
      tools: TOOLS.slice(from, next),
      ...(next < TOOLS.length ? { nextCursor: String(next) } : {}),
    };
  });
  server.setRequestHandler(CallToolRequestSchema, () => {
    throw new Error('a test must not call tools');
  });
  return server;
}

async function serve(
  { token }: RemoteOptions,
  path: string,
  handle: (...args: [...Parameters<Handle>, RemoteMcp]) => ReturnType<Handle>,
): Promise<RemoteMcp> {
  const heard: string[] = [];
  const sessions = new Set<string>();
  const server: HttpServer = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const body = text === '' ? undefined : (JSON.parse(text) as { method?: string });
    heard.push(body?.method ?? request.method ?? '');
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      const challenge =
        'Bearer resource_metadata="http://127.0.0.1/.well-known/oauth-protected-resource", scope="read"';
      return void response.writeHead(401, { 'www-authenticate': challenge }).end('{"error":"unauthorized"}');
    }
    await handle(request, response, body, remote);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const remote: RemoteMcp = {
    url: `http://127.0.0.1:${port}${path}`,
    heard,
    sessions,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return remote;
}
