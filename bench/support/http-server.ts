import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import type { Program } from './stdio-server.ts';

type Params = Record<string, unknown>;

const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '0' },
};

/** A server over HTTP, 2026-07-28, seen through the thinnest client there is: kept connections and nothing more. */
export class HttpServer {
  readonly #child: ChildProcess;
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  private constructor(child: ChildProcess, url: string, token: string | undefined) {
    this.#child = child;
    this.#url = new URL(url);
    this.#headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
  }

  /** Starts the program, and waits until it says on stdout where it listens. */
  static async start({ script, args = [], env = {} }: Program, token?: string): Promise<HttpServer> {
    const child = spawn(process.execPath, [script, ...args], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stderr.resume();
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    return new HttpServer(child, /http:\S+/.exec(line)?.[0] ?? '', token);
  }

  /** @returns the result. @throws for an error answer, a tool's own included */
  async request(method: string, params: Params = {}): Promise<Params> {
    const { name } = params;
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: ENVELOPE } });
    const headers = {
      ...this.#headers,
      'mcp-method': method,
      'content-length': String(Buffer.byteLength(body)),
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
    };
    const text = await new Promise<string>((resolve, reject) => {
      const sent = request(this.#url, { method: 'POST', headers, agent: this.#agent }, (response) => {
        let heard = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          heard += chunk;
        });
        response.once('end', () => resolve(heard));
      });
      sent.once('error', reject);
      sent.end(body);
    });
    const { result } = JSON.parse(text) as { result?: Params };
    if (result === undefined || result['isError'] === true) throw new Error(`${method} was answered with ${text}`);
    return result;
  }

  async listTools(): Promise<Params[]> {
    return (await this.request('tools/list'))['tools'] as Params[];
  }

  async call(name: string, args: Params): Promise<Params> {
    return await this.request('tools/call', { name, arguments: args });
  }

  /** Resident memory in MB; undefined where the system does not tell. */
  async residentMb(): Promise<number | undefined> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8').catch(() => '');
    const kb = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kb === undefined ? undefined : Number(kb) / 1024;
  }

  /** Open files and sockets; undefined where the system does not tell. */
  async handles(): Promise<number | undefined> {
    return await readdir(`/proc/${this.#child.pid}/fd`).then(
      ({ length }) => length,
      () => undefined,
    );
  }

  async end(): Promise<void> {
    this.#agent.destroy();
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await gone;
  }
}
