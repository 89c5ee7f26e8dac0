import type { Socket } from 'node:net';

/**
 * What comes next over a socket; undefined where it is closed instead. The socket is paused behind it, so that nothing
 * is lost to whoever reads on.
 * @throws the reason of `signal`
 */
export function nextBytes(socket: Socket, signal: AbortSignal): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      socket.off('data', onData);
      socket.off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      socket.pause();
      finish();
    };
    const onData = (bytes: Buffer) => settle(() => resolve(bytes));
    const onClose = () => settle(() => resolve(undefined));
    const onAbort = () => settle(() => reject(signal.reason));
    socket.once('data', onData);
    socket.once('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else if (socket.destroyed) onClose();
    else socket.resume();
  });
}
