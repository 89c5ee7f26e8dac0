import type { ServerProcess } from './server-process.ts';

/**
 * Lets an SDK client speak with a process that we started ourselves: the SDKs' own stdio transports
 * show neither the raw lines nor the exit, and add variables to the environment.
 */
export class ProcessTransport<Message> {
  onmessage?: ((message: Message) => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onclose?: (() => void) | undefined;
  readonly #server: ServerProcess;

  constructor(server: ServerProcess) {
    this.#server = server;
  }

  async start(): Promise<void> {
    // Each in a turn of its own: both SDKs' clients lose a progress notification that comes in one chunk with the result.
    this.#server.onLine((line) => void setImmediate(() => this.#receive(line)));
    void this.#server.exited.then(() => setImmediate(() => this.onclose?.()));
  }

  async send(message: Message): Promise<void> {
    this.#server.write(`${JSON.stringify(message)}\n`);
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  #receive(line: string): void {
    try {
      this.onmessage?.(JSON.parse(line) as Message);
    } catch (error) {
      this.onerror?.(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
