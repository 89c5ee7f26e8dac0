import { randomBytes } from 'node:crypto';
import type { Authenticator } from '../http/authenticator.ts';
import type { Caller } from '../http/caller.ts';

const LIFE_MS = 15 * 60 * 1000;
const MOST = 1000;

/** Who has signed in on which page, in memory alone. */
export interface SignIns {
  /** Whoever signed in under this cookie, or nobody need; as long as their token is good. */
  who(cookie: string | undefined): Promise<Caller | undefined>;
  /** @returns a new cookie, or nothing where the token is nobody's */
  accept(token: string): Promise<string | undefined>;
}

export interface SignInsParts {
  authenticator: Pick<Authenticator, 'callerOf' | 'revoked'>;
  now: () => Date;
}

export function createSignIns({ authenticator, now }: SignInsParts): SignIns {
  const signedIn = new Map<string, { caller: Caller; until: number }>();
  const forgetOld = () => {
    for (const [cookie, { until }] of signedIn) {
      if (until > now().getTime() && signedIn.size <= MOST) return;
      signedIn.delete(cookie);
    }
  };
  return {
    async who(cookie) {
      const known = cookie === undefined ? undefined : signedIn.get(cookie);
      if (!known || known.until <= now().getTime()) return await authenticator.callerOf(undefined);
      const isRevoked = await authenticator.revoked();
      return isRevoked(known.caller) ? undefined : known.caller;
    },
    async accept(token) {
      const caller = await authenticator.callerOf(`Bearer ${token.trim()}`);
      if (!caller) return undefined;
      const cookie = randomBytes(32).toString('base64url');
      signedIn.set(cookie, { caller, until: now().getTime() + LIFE_MS });
      forgetOld();
      return cookie;
    },
  };
}

export const SIGN_IN_SECONDS = LIFE_MS / 1000;
