import { Client as ModernClient, type JSONRPCMessage as ModernMessage } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { ElicitRequestSchema, type JSONRPCMessage as LegacyMessage } from '@modelcontextprotocol/sdk/types.js';
import { ProcessTransport } from './process-transport.ts';
import { type ServerProcess, type SpawnOptions, spawnProcess } from './server-process.ts';

export { type JsonRpcMessage, modern, type RawServer, spawnServer } from './raw-server.ts';
export type { Exit, ServerProcess, SpawnOptions } from './server-process.ts';

/** What a server asks a person: a form, or a page to open. */
export interface Question {
  message: string;
  mode?: string | undefined;
  url?: string | undefined;
  requestedSchema?: Record<string, unknown> | undefined;
}

export interface Answer {
  action: 'accept' | 'decline' | 'cancel';
  content?: Record<string, string | number | boolean | string[]>;
}

export interface ConnectOptions extends SpawnOptions {
  /** What the client says it can do; with `onElicit`, forms and pages beside it. */
  capabilities?: Record<string, Record<string, unknown>>;
  /** Plays the person whom the server asks. */
  onElicit?: (question: Question) => Answer | Promise<Answer>;
}

export interface ModernConnectOptions extends ConnectOptions {
  /** `modern` (the default) speaks 2026-07-28 or fails, `legacy` the 2025 era, `auto` finds out. */
  era?: 'modern' | 'legacy' | 'auto';
}

export interface Progress {
  progress: number;
  total?: number | undefined;
  message?: string | undefined;
}

export interface CallOptions {
  onprogress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

export interface ToolAnswer {
  isError: boolean;
  structured: Record<string, unknown> | undefined;
  /** The text blocks, joined. */
  text: string;
  /** What the text says as JSON; undefined where it is none. */
  parsed: unknown;
}

export interface Connection<Client> extends Pick<ServerProcess, 'pid' | 'home' | 'stderr' | 'stdoutRaw' | 'exited'> {
  readonly client: Client;
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<ToolAnswer>;
  /** Ends the session and waits until the server has ended. */
  close(): Promise<void>;
}

export const MODES = { modern: { pin: '2026-07-28' }, legacy: 'legacy', auto: 'auto' } as const;
export const CLIENT_INFO = { name: 'headwater-tests', version: '0' };

/** Connects the official client of today. */
export async function connectV2(options: ModernConnectOptions = {}): Promise<Connection<ModernClient>> {
  const { onElicit, era = 'modern' } = options;
  const client = new ModernClient(CLIENT_INFO, {
    capabilities: capabilities(options),
    versionNegotiation: { mode: MODES[era] },
  });
  if (onElicit) {
    client.setRequestHandler('elicitation/create', async (request) => ({ ...(await onElicit(request.params)) }));
  }
  return await connect(
    options,
    client,
    (server) => client.connect(new ProcessTransport<ModernMessage>(server)),
    (name, args, callOptions) => client.callTool({ name, arguments: args }, callOptions),
  );
}

/** Connects the official client of the 2025 era. */
export async function connectV1(options: ConnectOptions = {}): Promise<Connection<LegacyClient>> {
  const { onElicit } = options;
  const client = new LegacyClient(CLIENT_INFO, { capabilities: capabilities(options) });
  if (onElicit) {
    client.setRequestHandler(ElicitRequestSchema, async (request) => ({ ...(await onElicit(request.params)) }));
  }
  return await connect(
    options,
    client,
    (server) => client.connect(new ProcessTransport<LegacyMessage>(server)),
    (name, args, callOptions) => client.callTool({ name, arguments: args }, undefined, callOptions),
  );
}

export function capabilities({ capabilities = {}, onElicit }: ConnectOptions) {
  return onElicit ? { elicitation: { form: {}, url: {} }, ...capabilities } : capabilities;
}

interface AnyClient {
  getServerCapabilities(): { tools?: object | undefined } | undefined;
  listTools(): Promise<unknown>;
  close(): Promise<void>;
}

type CallTool = (name: string, args: Record<string, unknown>, options: CallOptions) => Promise<unknown>;

async function connect<Client extends AnyClient>(
  options: SpawnOptions,
  client: Client,
  open: (server: ServerProcess) => Promise<void>,
  callTool: CallTool,
): Promise<Connection<Client>> {
  const server = await spawnProcess(options);
  try {
    await open(server);
    // As every real client does first; from then on both also check results against the output schemas.
    if (client.getServerCapabilities()?.tools) await client.listTools();
  } catch (error) {
    await server.close();
    throw new Error(`no session: ${String(error)}; stderr: ${server.stderr()}`, { cause: error });
  }
  const { pid, home, stderr, stdoutRaw, exited } = server;
  return {
    client,
    pid,
    home,
    stderr,
    stdoutRaw,
    exited,
    call: async (name, args = {}, callOptions = {}) => toolAnswer(await callTool(name, args, callOptions)),
    async close() {
      await client.close();
      // Where the server ended first, the client had nothing left to close.
      await server.close();
    },
  };
}

export function toolAnswer(result: unknown): ToolAnswer {
  const { isError, structuredContent, content } = result as {
    isError?: boolean;
    structuredContent?: Record<string, unknown>;
    content?: { type: string; text?: string }[];
  };
  const text = (content ?? []).map((block) => block.text ?? '').join('');
  return { isError: isError === true, structured: structuredContent, text, parsed: json(text) };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
