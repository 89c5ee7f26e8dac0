import type { Config } from '../connectors/config.ts';
import type { OAuthConfig } from '../connectors/oauth/auth.ts';
import { endpointsOf, providerName } from '../connectors/oauth/endpoints.ts';
import { signsIn } from '../connectors/oauth/form.ts';
import { renewTokens, type Tokens } from '../connectors/oauth/tokens.ts';
import { AUTH, withValues } from '../connectors/paths.ts';
import type { ResolvedConfig } from '../connectors/resolved-config.ts';
import { HeadwaterError } from '../errors.ts';
import { fingerprintOf } from '../secrets/fingerprint.ts';
import { Secret } from '../secrets/secret.ts';
import type { Services } from './services.ts';

/** How long before it expires a token is renewed: what begins with it must come to its end. */
const EARLY_MS = 60_000;

export const ACCESS_TOKEN = `${AUTH}/access_token`;
export const REFRESH_TOKEN = `${AUTH}/refresh_token`;

/** Whether a token must not be begun with any more. */
export function isExpiring(expiresAt: unknown, now: Date, earlyMs = EARLY_MS): boolean {
  return typeof expiresAt === 'string' && Date.parse(expiresAt) - now.getTime() <= earlyMs;
}

type Needs = Pick<Services, 'now' | 'tokens' | 'fingerprint'>;

/**
 * What a probe gets of a config that signs in: one with a token that is good. Here a token is renewed for this use
 * alone; that of a stored source was renewed, and kept, before (`freshSource`).
 * @throws HeadwaterError NEEDS_AUTH, PROVIDER_UNAVAILABLE, EGRESS_DENIED, SIGN_IN_FAILED
 */
export async function withLiveToken(
  services: Needs,
  config: Config,
  values: ResolvedConfig,
  signal: AbortSignal,
): Promise<{ values: ResolvedConfig; renewed: readonly Secret[] }> {
  if (!signsIn(config.settings)) return { values, renewed: [] };
  const auth = values[AUTH] as OAuthConfig;
  // When a token expires that comes by reference, its owner knows.
  const isReferred = config.secrets[ACCESS_TOKEN] !== undefined && !(config.secrets[ACCESS_TOKEN] instanceof Secret);
  const isGood = (earlyMs?: number) =>
    auth.access_token !== undefined && (isReferred || !isExpiring(auth.expires_at, services.now(), earlyMs));
  if (isGood()) return { values, renewed: [] };
  const tokens = auth.refresh_token ? await renewedHere(services, auth, auth.refresh_token, signal) : undefined;
  if (tokens) {
    return { values: withValues(values, [[ACCESS_TOKEN, tokens.access]]), renewed: [tokens.access] };
  }
  if (isGood(0)) return { values, renewed: [] };
  throw needsAuth(whyNot(auth));
}

/** Nothing where the refresh token would be replaced by one that cannot be kept. */
async function renewedHere(
  services: Needs,
  auth: OAuthConfig,
  refresh: Secret,
  signal: AbortSignal,
): Promise<Tokens | undefined> {
  const { now, tokens: desk } = services;
  const { ask } = desk;
  const endpoints = await endpointsOf(auth, ask, signal);
  if (endpoints.refresh !== 'kept' || auth.client_id === undefined) return undefined;
  const client = { id: auth.client_id, secret: auth.client_secret };
  const companions = ['renewal', endpoints.tokenUrl.href, client.id];
  const key = await fingerprintOf([refresh], companions, services.fingerprint);
  const known = desk.remembered(key);
  if (known?.expiresAt && !isExpiring(known.expiresAt, now())) return known;
  return await desk.once(key, async () => {
    const fresh = await renewTokens(endpoints, client, refresh, { ask, now, signal });
    desk.remember(key, fresh);
    return fresh;
  });
}

function needsAuth(message: string): HeadwaterError {
  return new HeadwaterError('NEEDS_AUTH', `${message}.`, {
    hint: 'Ask for the sign-in with request_credentials: it gives the person a link.',
    fields: [{ field: `/config/${ACCESS_TOKEN}`, message: 'comes from a sign-in' }],
  });
}

function whyNot(auth: OAuthConfig): string {
  const { access_token: access, refresh_token: refresh, expires_at: at } = auth;
  const name = providerName(auth);
  if (access === undefined && refresh === undefined) return `nobody has signed in at ${name} yet`;
  if (refresh === undefined) return `the access token of ${name} expired at ${at}, and there is none to renew it with`;
  return `the refresh token of ${name} is replaced with each use, and where it comes from the next cannot be kept`;
}
