import { type ServerProcess, type SpawnOptions, spawnProcess } from './server-process.ts';

export interface HttpProcess extends Pick<ServerProcess, 'pid' | 'home' | 'stderr'> {
  /** Of its endpoint for MCP. */
  readonly url: string;
  /** Tells it to stop, and waits until it has. */
  close(): Promise<void>;
}

/** Starts the built `headwater http` on a free port of 127.0.0.1. */
export async function spawnHttp({ args = [], ...options }: SpawnOptions = {}): Promise<HttpProcess> {
  const server = await spawnProcess({ ...options, args: ['http', '--port', '0', ...args] });
  const url = await new Promise<string>((resolve, reject) => {
    server.onLine((line) => {
      const found = /http:\/\/\S+/.exec(line)?.[0];
      if (found) resolve(found);
    });
    void server.exited.then(({ code }) => reject(new Error(`headwater http ended with ${code}: ${server.stderr()}`)));
  });
  return {
    url,
    pid: server.pid,
    home: server.home,
    stderr: server.stderr,
    async close() {
      server.kill('SIGTERM');
      await server.exited;
      await server.close();
    },
  };
}
