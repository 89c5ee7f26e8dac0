import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../test/support/root.ts';

export type Era = 'legacy' | 'modern';

/** A program that serves MCP on stdio, for node. */
export interface Program {
  script: string;
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

export const bareServer = (tools: number): Program => ({
  script: join(projectRoot, 'bench', 'baseline', 'bare-server.js'),
  args: [String(tools)],
});

type Params = Record<string, unknown>;

interface Answer {
  id?: number;
  result?: Record<string, unknown>;
  error?: unknown;
}

const CLIENT = { name: 'bench', version: '0' };
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': CLIENT,
};

/**
 * A server seen through the thinnest client there is, so that what is measured is the server.
 */
export class StdioServer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #era: Era;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #rest = '';
  #log = '';
  #lastId = 0;

  constructor({ script, args = [], env = {} }: Program, era: Era) {
    this.#era = era;
    this.#child = spawn(process.execPath, [script, ...args], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
    });
    this.#child.stdout.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
    this.#child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.#log = (this.#log + chunk).slice(-2000);
    });
    this.#child.once('close', (code) => {
      for (const settle of this.#waiting.values()) settle({ error: `the server ended with ${code}: ${this.#log}` });
    });
  }

  /** The opening exchange as a client of the era does it. */
  async open(): Promise<void> {
    if (this.#era === 'modern') {
      await this.request('server/discover');
      return;
    }
    await this.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: CLIENT });
    this.#write({ method: 'notifications/initialized' });
  }

  /** @returns the result. @throws for an error answer, a tool's own included */
  async request(method: string, params: Params = {}): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#write({ id, method, params: this.#era === 'modern' ? { ...params, _meta: ENVELOPE } : params });
    const answer = await answered;
    if (answer.result === undefined || answer.result['isError'] === true) {
      throw new Error(`${method} was answered with ${JSON.stringify(answer)}`);
    }
    return answer.result;
  }

  async listTools(): Promise<Record<string, unknown>[]> {
    return (await this.request('tools/list'))['tools'] as Record<string, unknown>[];
  }

  async call(name: string, args: Params): Promise<Record<string, unknown>> {
    return await this.request('tools/call', { name, arguments: args });
  }

  /** Resident memory in MB; undefined where the system does not tell. */
  async residentMb(): Promise<number | undefined> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8').catch(() => '');
    const kb = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kb === undefined ? undefined : Number(kb) / 1024;
  }

  /** Ends the input; answers with the milliseconds until the process was gone. */
  async end(): Promise<number> {
    const gone = once(this.#child, 'exit');
    const started = performance.now();
    this.#child.stdin.end();
    await gone;
    return performance.now() - started;
  }

  #write(message: Params): void {
    this.#child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  #read(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const answer = JSON.parse(line) as Answer;
      if (answer.id === undefined) continue;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    }
  }
}
