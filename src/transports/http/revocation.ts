import type { Authenticator } from './authenticator.ts';
import type { Exchange } from './exchange.ts';

const LOOK_MS = 1000;

/** Cuts what is open for a caller whose token was revoked meanwhile: streams last longer than trust may. */
export function endRevoked(open: ReadonlySet<Exchange>, authenticator: Authenticator): () => void {
  const look = async () => {
    for (const { request, response, caller } of open) {
      if (!caller) continue;
      const now = await authenticator.principalOf(request.headers.authorization);
      if (JSON.stringify(now) !== JSON.stringify(caller)) response.destroy();
    }
  };
  // While the token file cannot be read nobody new gets in; those who are stay.
  const timer = setInterval(() => void look().catch(() => {}), LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
