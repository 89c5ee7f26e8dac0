import { HeadwaterError } from '../../errors.ts';
import type { ApiAnswer, ApiClient, ApiParts } from '../../net/api-client.ts';
import { Secret } from '../../secrets/secret.ts';
import { refusalOf } from '../remote/refusal.ts';

interface Token {
  access: Secret;
  refresh?: Secret;
  /** Milliseconds since 1970: from then on a new one is asked for. */
  stale: number;
}

/** Streamkap's own client renews so long before the end. */
const EARLIER_MS = 60_000;
/** Where the answer does not say how long a token is good. */
const UNSAID_S = 300;
const LIMIT_MS = 20_000;

/**
 * Access tokens for an API token's id and secret: renewed before they end, by one request however many wait for it.
 * Source: `POST /auth/access-token` and `…/refresh`, whose answers are in camelCase.
 */
export function streamkapTokens(
  auth: Pick<ApiClient, 'send'>,
  { clientId, clientSecret }: { clientId: string | undefined; clientSecret: Secret | undefined },
  now: () => Date,
): NonNullable<ApiParts['authorization']> {
  let token: Token | undefined;
  let renewing: Promise<Token> | undefined;

  const ask = async (path: string, body: unknown): Promise<ApiAnswer> =>
    await auth.send({ method: 'POST', path, body }, { signal: AbortSignal.timeout(LIMIT_MS), repeats: true });

  const renewed = async (): Promise<Token> => {
    if (token?.refresh) {
      const answer = await ask('/auth/access-token/refresh', { refresh_token: token.refresh });
      const next = answer.status < 300 ? tokenOf(answer, now().getTime()) : undefined;
      if (next) return next.refresh ? next : { ...next, refresh: token.refresh };
    }
    const answer = await ask('/auth/access-token', { client_id: clientId, secret: clientSecret });
    const next = answer.status < 300 ? tokenOf(answer, now().getTime()) : undefined;
    if (!next) throw refused(answer);
    return next;
  };

  const current = async (): Promise<Token> => {
    if (token && now().getTime() < token.stale) return token;
    renewing ??= renewed().finally(() => {
      renewing = undefined;
    });
    token = await renewing;
    return token;
  };

  return {
    headers: async (signal) => {
      const { access } = await withSignal(current(), signal);
      return { authorization: access };
    },
    renew: () => {
      if (token && !renewing) token = { ...token, stale: 0 };
      return true;
    },
  };
}

function tokenOf({ json }: ApiAnswer, now: number): Token | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const { accessToken, refreshToken, expiresIn } = json as Record<string, unknown>;
  if (typeof accessToken !== 'string' || accessToken === '') return undefined;
  const seconds = Number(expiresIn);
  const lifeMs = (Number.isFinite(seconds) && seconds > 0 ? seconds : UNSAID_S) * 1000;
  return {
    access: new Secret(`Bearer ${accessToken}`),
    ...(typeof refreshToken === 'string' && refreshToken !== '' ? { refresh: new Secret(refreshToken) } : {}),
    stale: now + Math.max(lifeMs - EARLIER_MS, lifeMs / 2),
  };
}

function refused(answer: ApiAnswer): HeadwaterError {
  const isTheirs = answer.status >= 400 && answer.status < 500;
  return refusalOf(answer, {
    platform: 'Streamkap',
    ...(isTheirs
      ? {
          code: 'PLATFORM_AUTH_FAILED',
          hint: 'An operator must check STREAMKAP_CLIENT_ID and STREAMKAP_CLIENT_SECRET: those of an API token that is still there.',
        }
      : {}),
  });
}

/** The renewal goes on for the others when one who waits for it gives up. */
function withSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new HeadwaterError('CANCELLED', 'The call was cancelled.'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
