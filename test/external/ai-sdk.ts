import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as version1 from '@ai-sdk/mcp';
import { Experimental_StdioMCPTransport as Stdio1 } from '@ai-sdk/mcp/mcp-stdio';
import { installExternal } from './install.ts';

/** Where a server is: a command of Node's, or a URL. */
export type Target = { script: string; env: Record<string, string> } | { url: string };

/** What both versions of Vercel's client have. */
export interface AiSdkSession {
  /** The revision that was agreed upon; over HTTP as the last request's header says. */
  revision(): string | undefined;
  tools(): Promise<Record<string, AiSdkTool>>;
  close(): Promise<void>;
}

interface AiSdkTool {
  execute(input: unknown, options: { messages: []; toolCallId: string }): PromiseLike<unknown> | unknown;
}

export interface AiSdk {
  connect(target: Target): Promise<AiSdkSession>;
}

type Module = Pick<typeof version1, 'createMCPClient'>;
type Stdio = new (config: ConstructorParameters<typeof Stdio1>[0]) => version1.MCPTransport;

/** Version 1: the 2025 era. */
export const aiSdk1: AiSdk = clientOf(version1, Stdio1);

/** Version 2, which asks for Node.js 22 but runs on 20: 2026-07-28 where the server has it. */
export async function installAiSdk2(): Promise<AiSdk> {
  const dist = join(await installExternal('ai-sdk'), 'node_modules', '@ai-sdk', 'mcp', 'dist');
  const load = async <T>(file: string): Promise<T> => await import(pathToFileURL(join(dist, file)).href);
  const module = await load<Module>('index.js');
  const { Experimental_StdioMCPTransport } = await load<{ Experimental_StdioMCPTransport: Stdio }>(
    'mcp-stdio/index.js',
  );
  return clientOf(module, Experimental_StdioMCPTransport);
}

function clientOf({ createMCPClient }: Module, Transport: Stdio): AiSdk {
  return {
    async connect(target) {
      let revision: string | undefined;
      const fetchAndNote: typeof fetch = (input, init) => {
        revision = new Headers(init?.headers).get('mcp-protocol-version') ?? revision;
        return fetch(input, init);
      };
      const stdio =
        'url' in target
          ? undefined
          : new Transport({
              command: process.execPath,
              args: [target.script],
              env: { PATH: process.env['PATH'] ?? '', ...target.env },
            });
      const http = 'url' in target ? { type: 'http' as const, url: target.url, fetch: fetchAndNote } : undefined;
      const transport = stdio ?? http;
      if (!transport) throw new Error('no target');
      const client = await createMCPClient({ transport });
      return {
        revision: () => stdio?.protocolVersion ?? revision,
        tools: async () => (await client.tools()) as unknown as Record<string, AiSdkTool>,
        close: () => client.close(),
      };
    },
  };
}
