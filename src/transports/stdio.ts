import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { App } from '../app.ts';
import { createServer } from '../server.ts';
import { LOCAL_PRINCIPAL } from '../sources/principal.ts';
import type { PageListener } from './pages/loopback.ts';

/**
 * Serves one client over stdin and stdout until its input ends or the process is told to stop. Nothing here or below
 * keeps the process alive after that.
 */
export function serveOverStdio(app: App): void {
  // The SDK waits with listeners of its own for every message that a slow client has not read; Node would warn at ten.
  process.stdout.setMaxListeners(0);
  const handle = serveStdio(() => createServer(app, LOCAL_PRINCIPAL), {
    onerror: (error) => app.log.debug({ kind: error.name }, 'protocol error'),
  });
  let listening: Promise<PageListener> | undefined;
  app.servePages(async (nonce) => {
    listening ??= import('./pages/local.ts').then(({ serveLocalPages }) => serveLocalPages(app));
    // Where no port was to be had, the next link tries again.
    listening.catch(() => {
      listening = undefined;
    });
    return (await listening).url(nonce);
  });
  const stop = async (code: number) => {
    listening?.then((pages) => pages.close()).catch(() => {});
    await handle.close();
    await app.close();
    process.exit(code);
  };
  process.stdin.once('end', () => void stop(0));
  process.stdin.once('close', () => void stop(0));
  process.once('SIGTERM', () => void stop(0));
  process.once('SIGINT', () => void stop(0));
}
