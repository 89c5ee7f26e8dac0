import { Client, InMemoryTransport } from '@modelcontextprotocol/client';
import { type App, type AppParts, createApp } from '../../src/app.ts';
import { createServer } from '../../src/server.ts';
import { readSettings } from '../../src/settings.ts';
import { LOCAL_PRINCIPAL, type Principal } from '../../src/sources/principal.ts';
import { temporaryFolder } from './temp.ts';

export interface Answer {
  isError: boolean;
  text: string;
  structured: Record<string, unknown> | undefined;
  /** The error of an `isError` answer. */
  error: {
    code: string;
    message: string;
    fields?: { field: string; message: string }[];
    hint?: string;
    retryable?: boolean;
    retry_after_ms?: number;
    last_error?: { code: string; message: string };
    next?: unknown[];
    report?: Record<string, unknown>;
  };
}

export interface InMemory extends Session {
  app: App;
}

/** A real client of somebody's. */
export interface Session {
  client: Client;
  call: (name: string, args?: Record<string, unknown>) => Promise<Answer>;
  /** The structured result of a call that must succeed. */
  done: (name: string, args?: Record<string, unknown>) => Promise<Record<string, unknown>>;
  close: () => Promise<void>;
}

/** The product's own server in this process, with a real client, over a store of its own. */
export async function inMemory(environment: Record<string, string> = {}, parts: AppParts = {}): Promise<InMemory> {
  const home = await temporaryFolder('in-memory');
  const standard = {
    HEADWATER_HOME: home.path,
    HEADWATER_LOG_LEVEL: 'silent',
    // A file of tests asks more of one server than a minute has room for.
    HEADWATER_TEST_LIMIT: '10000',
  };
  const app = createApp(readSettings({ ...standard, ...environment }), parts);
  const session = await connectTo(app, LOCAL_PRINCIPAL);
  return {
    ...session,
    app,
    async close() {
      await session.close();
      await app.close();
      await home.remove();
    },
  };
}

/** A client's session with the product's own server, as that principal. */
export async function connectTo(app: App, principal: Principal): Promise<Session> {
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await createServer(app, principal).connect(theirs);
  const client = new Client({ name: 'headwater-tests', version: '0' });
  await client.connect(ours);
  const call: Session['call'] = async (name, args = {}) => {
    const result = await client.callTool({ name, arguments: args });
    const [block] = result.content;
    const text = block?.type === 'text' ? block.text : '';
    const { error } = JSON.parse(text) as { error: Answer['error'] };
    const structured = result.structuredContent as Answer['structured'];
    return { isError: result.isError === true, text, structured, error };
  };
  return {
    client,
    call,
    async done(name, args) {
      const { structured, text } = await call(name, args);
      if (structured === undefined) throw new Error(`${name} failed: ${text}`);
      return structured;
    },
    close: () => client.close(),
  };
}
