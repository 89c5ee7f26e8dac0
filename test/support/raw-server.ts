import { type ServerProcess, type SpawnOptions, spawnProcess } from './server-process.ts';

export interface JsonRpcMessage {
  jsonrpc: '2.0';
  id?: number | string;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: unknown };
}

/** A server driven message by message, without a client in between. */
export interface RawServer extends ServerProcess {
  /** Writes one message as a line. */
  send(message: Omit<JsonRpcMessage, 'jsonrpc'>): void;
  /** Sends a request and waits for its answer, error answers included. */
  request(method: string, params?: Record<string, unknown>): Promise<JsonRpcMessage>;
  /** The first message that fits, of those that came already or come within the time. */
  waitFor(fits: (message: JsonRpcMessage) => boolean, timeoutMs?: number): Promise<JsonRpcMessage>;
  /** Opens a session of the 2025 era. A modern one needs no opening, see `modern`. */
  initialize(): Promise<JsonRpcMessage>;
}

const WAIT_MS = 10_000;

/** Parameters as a request of the 2026-07-28 revision has them. */
export function modern(params: Record<string, unknown> = {}): Record<string, unknown> {
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '0' },
  };
  return { ...params, _meta: envelope };
}

/** Starts the built server for tests of what goes over the wire: purity of stdout, end of input, exit. */
export async function spawnServer(options: SpawnOptions = {}): Promise<RawServer> {
  const server = await spawnProcess(options);
  const messages: JsonRpcMessage[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const check of waiting) check();
  };
  let ended = false;
  let lastId = 0;

  server.onLine((line) => {
    const message = parse(line);
    if (message) messages.push(message);
    wake();
  });
  void server.exited.then(() => {
    ended = true;
    wake();
  });

  const send: RawServer['send'] = (message) => server.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

  const waitFor: RawServer['waitFor'] = (fits, timeoutMs = WAIT_MS) =>
    new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        waiting.delete(check);
        finish();
      };
      const fail = (reason: string) => settle(() => reject(new Error(`${reason}; stderr: ${server.stderr()}`)));
      const timer = setTimeout(fail, timeoutMs, `no such message within ${timeoutMs} ms`);
      const check = () => {
        const found = messages.find(fits);
        if (found) settle(() => resolve(found));
        else if (ended) fail('the server ended');
      };
      waiting.add(check);
      check();
    });

  const request: RawServer['request'] = (method, params = {}) => {
    lastId += 1;
    const id = lastId;
    send({ id, method, params });
    return waitFor((message) => message.id === id && message.method === undefined);
  };

  return {
    ...server,
    send,
    waitFor,
    request,
    async initialize() {
      const clientInfo = { name: 'raw', version: '0' };
      const answer = await request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
      send({ method: 'notifications/initialized' });
      return answer;
    },
  };
}

function parse(line: string): JsonRpcMessage | undefined {
  try {
    return JSON.parse(line) as JsonRpcMessage;
  } catch {
    return undefined;
  }
}
