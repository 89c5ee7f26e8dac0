import { randomUUID } from 'node:crypto';
import { type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Log } from '../../log.ts';
import { answer } from './answers.ts';

/** What Node's parser and clocks refuse, by Node's codes; the rest is 400. */
const STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers what is not HTTP, or comes too slowly, as everything else is answered: with an id and a line in the log. */
export function answerClientErrors(server: Server, log: Log): void {
  const answering = new WeakMap<Duplex, ServerResponse>();
  server.on('request', ({ socket }, response) => void answering.set(socket, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const status = STATUS[error.code ?? ''] ?? 400;
    const response = answering.get(socket);
    const isUnderWay = response !== undefined && !response.writableFinished;
    if (error.code === 'ECONNRESET' || !socket.writable || (isUnderWay && response.headersSent)) {
      socket.destroy();
    } else if (isUnderWay) {
      answer(response, status, { error: STATUS_CODES[status] }, { connection: 'close' });
    } else {
      const id = randomUUID();
      socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\nx-request-id: ${id}\r\n\r\n`);
      log.info({ request_id: id, status }, 'request');
    }
  });
}
