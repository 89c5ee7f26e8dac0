import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { PrincipalRole } from '../../src/sources/principal.ts';
import { headwater, jsonOf } from './headwater.ts';
import {
  type CallOptions,
  CLIENT_INFO,
  type ConnectOptions,
  capabilities,
  type Exit,
  MODES,
  type ModernConnectOptions,
  type ToolAnswer,
  toolAnswer,
} from './mcp.ts';
import { type ServerProcess, spawnProcess } from './server-process.ts';
import { temporaryFolder } from './temp.ts';

export interface HttpOptions {
  env?: Record<string, string>;
  /** Beside `http --port 0`. */
  args?: string[];
  /** A folder that is there already. */
  home?: string;
  /** Made before the server starts; without any, a server on loopback asks for none. */
  tokens?: readonly TokenWish[];
}

export interface TokenWish {
  name: string;
  tenant?: string;
  role?: PrincipalRole;
}

export interface Token {
  id: string;
  token: string;
}

/** `headwater http` as a process of its own. */
export interface HttpProcess extends Pick<ServerProcess, 'stdoutRaw' | 'stderr' | 'kill' | 'exited'> {
  /** Of the endpoint. */
  url: string;
  /** Of another path. */
  at(path: string): string;
  home: string;
  /** The tokens that were wished for, by name. */
  tokens: Readonly<Record<string, Token>>;
  /** The lines of its log. */
  log(): Record<string, unknown>[];
  /** Ends it and waits for that. */
  stop(): Promise<Exit>;
}

/** Makes a token as an operator does. */
export async function addToken(home: string, { name, tenant, role }: TokenWish): Promise<Token> {
  const options = [...(tenant ? ['--tenant', tenant] : []), ...(role ? ['--role', role] : [])];
  const ran = await headwater(['token', 'add', name, ...options, '--json'], { env: { HEADWATER_HOME: home } });
  if (ran.code !== 0) throw new Error(`no token: ${ran.stdout}${ran.stderr}`);
  return jsonOf(ran) as unknown as Token;
}

export async function startHttp(options: HttpOptions = {}): Promise<HttpProcess> {
  const folder = options.home === undefined ? await temporaryFolder('http') : undefined;
  const home = options.home ?? folder?.path ?? '';
  const tokens = Object.fromEntries(
    await Promise.all((options.tokens ?? []).map(async (wish) => [wish.name, await addToken(home, wish)] as const)),
  );
  const server = await spawnProcess({
    args: ['http', '--port', '0', ...(options.args ?? [])],
    env: { HEADWATER_HOME: home, ...options.env },
  });
  const url = await listeningUrl(server);
  return {
    ...server,
    url,
    at: (path) => new URL(path, url).href,
    home,
    tokens,
    log: () =>
      server
        .stderr()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    async stop() {
      server.kill('SIGTERM');
      const exit = await server.close();
      await folder?.remove();
      return exit;
    },
  };
}

function listeningUrl(server: ServerProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    server.onLine((line) => {
      const url = /^Headwater listens on (\S+)$/.exec(line)?.[1];
      if (url) resolve(url);
    });
    void server.exited.then(({ code }) => reject(new Error(`ended with ${code}: ${server.stderr()}`)));
  });
}

export interface HttpConnectOptions extends Pick<ConnectOptions, 'capabilities' | 'onElicit'> {
  token?: string | undefined;
}

/** A client's side of a session over HTTP. */
export interface HttpConnection<Client> {
  readonly client: Client;
  /** The session of a 2025-era client. */
  sessionId(): string | undefined;
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<ToolAnswer>;
  close(): Promise<void>;
}

export async function connectHttpV2(
  url: string,
  options: HttpConnectOptions & Pick<ModernConnectOptions, 'era'> = {},
): Promise<HttpConnection<ModernClient>> {
  const { onElicit, era = 'modern', token } = options;
  const client = new ModernClient(CLIENT_INFO, {
    capabilities: capabilities(options),
    versionNegotiation: { mode: MODES[era] },
  });
  if (onElicit) {
    client.setRequestHandler('elicitation/create', async (request) => ({ ...(await onElicit(request.params)) }));
  }
  const transport = new ModernTransport(new URL(url), { requestInit: { headers: bearer(token) } });
  await client.connect(transport);
  return {
    client,
    sessionId: () => transport.sessionId,
    call: async (name, args = {}, callOptions = {}) =>
      toolAnswer(await client.callTool({ name, arguments: args }, callOptions)),
    close: () => client.close(),
  };
}

export async function connectHttpV1(
  url: string,
  options: HttpConnectOptions = {},
): Promise<HttpConnection<LegacyClient>> {
  const { onElicit, token } = options;
  const client = new LegacyClient(CLIENT_INFO, { capabilities: capabilities(options) });
  if (onElicit) {
    client.setRequestHandler(ElicitRequestSchema, async (request) => ({ ...(await onElicit(request.params)) }));
  }
  const transport = new LegacyTransport(new URL(url), { requestInit: { headers: bearer(token) } });
  // The SDK's own types disagree where absent fields are told from undefined ones.
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return {
    client,
    sessionId: () => transport.sessionId,
    call: async (name, args = {}, callOptions = {}) =>
      toolAnswer(await client.callTool({ name, arguments: args }, undefined, callOptions)),
    close: () => client.close(),
  };
}

export function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
