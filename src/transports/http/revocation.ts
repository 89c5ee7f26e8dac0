import type { Authenticator } from './authenticator.ts';
import type { Exchange } from './exchange.ts';
import type { Sessions } from './sessions.ts';

const LOOK_MS = 1000;

export interface Revocable {
  open: ReadonlySet<Exchange>;
  sessions: Sessions;
  authenticator: Authenticator;
}

/** Ends what a token began once it is revoked, sessions and calls included: they last longer than trust may. */
export function endRevoked({ open, sessions, authenticator }: Revocable): () => void {
  const look = async () => {
    const isRevoked = await authenticator.revoked();
    sessions.endOf(isRevoked);
    for (const { response, caller } of open) if (caller && isRevoked(caller)) response.destroy();
  };
  // While the token file cannot be read nobody new gets in; those who are stay.
  const timer = setInterval(() => void look().catch(() => {}), LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
