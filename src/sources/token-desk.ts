import type { Tokens } from '../connectors/oauth/tokens.ts';
import type { Ask } from '../net/ask.ts';

/**
 * Who renews which tokens: of several that want the same at once, one asks the provider and all get what comes. Tokens
 * that are kept nowhere else are remembered for as long as they are good, by a keyed digest of what they came from.
 */
export interface TokenDesk {
  /** Asks a provider, as far as the egress policy permits. */
  ask: Ask;
  /** One at a time for each key; the others get what the first gets, whatever it is. */
  once<T>(key: string, work: () => Promise<T>): Promise<T>;
  remembered(key: string): Tokens | undefined;
  remember(key: string, tokens: Tokens): void;
}

const MOST = 1000;

export function createTokenDesk(ask: Ask): TokenDesk {
  const running = new Map<string, Promise<unknown>>();
  const tokens = new Map<string, Tokens>();
  return {
    ask,
    async once<T>(key: string, work: () => Promise<T>): Promise<T> {
      const first = running.get(key);
      // The same key is always the same kind of work.
      if (first) return (await first) as T;
      const own = work();
      running.set(key, own);
      try {
        return await own;
      } finally {
        running.delete(key);
      }
    },
    remembered: (key) => tokens.get(key),
    remember(key, fresh) {
      tokens.delete(key);
      tokens.set(key, fresh);
      const [oldest] = tokens.keys();
      if (tokens.size > MOST && oldest !== undefined) tokens.delete(oldest);
    },
  };
}
