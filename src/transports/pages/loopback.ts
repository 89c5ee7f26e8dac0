import { createServer, type Server } from 'node:http';
import type { CredentialPages } from './handler.ts';
import { PAGE_PATH } from './handler.ts';
import { answerPage } from './headers.ts';
import { GONE, REFUSED } from './short-pages.ts';

const ADDRESS = '127.0.0.1';

export interface PageListener {
  /** The address of the page of this link. */
  url(nonce: string): string;
  close(): void;
}

/**
 * Listens on a port of this machine alone, the wanted one unless it is taken, for pages and nothing else. It keeps no process alive.
 * @throws Error where there is no port to be had
 */
export async function listenForPages(pages: CredentialPages, wanted = 0): Promise<PageListener> {
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 5_000,
    requireHostHeader: false,
  });
  server.on('connection', (socket) => socket.unref());
  await listen(server, wanted).catch(() => listen(server, 0));
  server.unref();
  const address = server.address();
  const own = `${ADDRESS}:${typeof address === 'object' && address ? address.port : 0}`;
  server.on('request', (request, response) => {
    const { url = '', headersDistinct } = request;
    const { host = [] } = headersDistinct;
    // A name that leads here but is not ours is how another site would try to become this one.
    if (host.length !== 1 || host[0] !== own) return answerPage(response, REFUSED, { status: 403 });
    const path = url.split('?', 1)[0] ?? '';
    if (!path.startsWith(PAGE_PATH)) return answerPage(response, GONE, { status: 404 });
    void pages(request, response, path.slice(PAGE_PATH.length));
  });
  return {
    url: (nonce) => `http://${own}${PAGE_PATH}${nonce}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, ADDRESS, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
