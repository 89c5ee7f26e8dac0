import type { Config } from '../connectors/config.ts';
import type { OAuthConfig } from '../connectors/oauth/auth.ts';
import { endpointsFor } from '../connectors/oauth/endpoints.ts';
import { signsIn } from '../connectors/oauth/form.ts';
import { renewTokens, type Tokens } from '../connectors/oauth/tokens.ts';
import { AUTH } from '../connectors/paths.ts';
import { HeadwaterError } from '../errors.ts';
import { Secret } from '../secrets/secret.ts';
import { ACCESS_TOKEN, isExpiring, REFRESH_TOKEN } from './live-tokens.ts';
import type { StoredSource } from './platform.ts';
import { type Call, offer, platformOfSource, type Services } from './services.ts';

export interface Fresh {
  stored: StoredSource;
  /** Its tokens could not be renewed: what is there is of no use any more, or soon. */
  refused?: HeadwaterError;
}

/**
 * A stored source whose tokens are good for a while: renewed where they expire, and what came is kept before it is used,
 * because the refresh token that was used may be void from then on.
 */
export async function freshSource(services: Services, stored: StoredSource, call: Call): Promise<Fresh> {
  const { source } = stored;
  const renew = platformOfSource(services, source.id).sources.renew;
  if (!renew || !expires(services, stored)) return { stored };
  const key = `source ${source.tenant_id} ${source.id}`;
  return await services.tokens.once(key, async () => {
    const again = () => platformOfSource(services, source.id).sources.get(call, source.id);
    const newest = await again();
    if (!expires(services, newest)) return { stored: newest };
    try {
      const trail = call.trail.beside('renew_tokens');
      trail.concerns(newest.connector);
      trail.note({ source_id: source.id, fields: ['config.auth'] });
      await renew(call, newest, (config) => renewedConfig(services, config, call.principal.tenant), trail.take());
      return { stored: await again() };
    } catch (error) {
      if (!(error instanceof HeadwaterError)) throw error;
      // Another process may have used the same refresh token a moment before.
      const since = await again();
      if (since.source.version !== newest.source.version && !expires(services, since)) return { stored: since };
      return { stored: since, refused: withNext(services, source.id, error) };
    }
  });
}

/** The same for who cannot go on without. @throws HeadwaterError NEEDS_AUTH, PROVIDER_UNAVAILABLE */
export async function freshOrRefused(services: Services, stored: StoredSource, call: Call): Promise<StoredSource> {
  const { stored: fresh, refused } = await freshSource(services, stored, call);
  if (!refused || isStillGood(services, fresh)) return fresh;
  if (refused.code === 'NEEDS_AUTH') await noteNeed(services, fresh, refused, call);
  throw refused;
}

/** Tokens that could not be renewed may be good for the minute that is left. */
export function isStillGood({ now }: Pick<Services, 'now'>, { source }: StoredSource): boolean {
  return !isExpiring(authOf(source.config)?.expires_at, now(), 0);
}

async function noteNeed(
  services: Services,
  { source, connector }: StoredSource,
  { code, message }: HeadwaterError,
  call: Call,
) {
  const trail = call.trail.beside('renew_tokens');
  trail.concerns(connector);
  trail.note({ source_id: source.id, outcome: 'failed', codes: [code] });
  const outcome = {
    status: 'NeedsAuth' as const,
    lastError: message,
    errorCategory: code,
    testedAt: services.now().toISOString(),
    latencyMs: 0,
  };
  await platformOfSource(services, source.id).sources.noteTest(call, source, outcome, trail.take());
}

function expires({ now }: Pick<Services, 'now'>, { source: { config } }: StoredSource): boolean {
  return signsIn(config) && isExpiring(authOf(config)?.expires_at, now());
}

function authOf(config: Readonly<Record<string, unknown>>): Partial<OAuthConfig> | undefined {
  return config[AUTH] as Partial<OAuthConfig> | undefined;
}

/** The config with new tokens; nothing where it has no refresh token of its own. */
async function renewedConfig(services: Services, config: Config, tenant: string): Promise<Config | undefined> {
  const refresh = config.secrets[REFRESH_TOKEN];
  const auth = config.settings[AUTH] as OAuthConfig;
  if (!(refresh instanceof Secret) || auth.client_id === undefined) return undefined;
  const given = config.secrets[`${AUTH}/client_secret`];
  const secret =
    given === undefined || given instanceof Secret ? given : await services.resolveReference(given, tenant);
  const { ask } = services.tokens;
  // Once it is asked, the answer may be the only place where the new refresh token is: nobody's leaving ends that.
  const { signal } = new AbortController();
  const endpoints = await endpointsFor(config.settings, auth, ask, signal);
  const client = { id: auth.client_id, secret };
  const tokens = await renewTokens(endpoints, client, refresh, { ask, now: services.now, signal });
  return withTokens(config, tokens);
}

function withTokens({ settings, secrets, ...rest }: Config, { access, refresh, expiresAt }: Tokens): Config {
  const { expires_at: _, ...auth } = settings[AUTH] as OAuthConfig;
  return {
    ...rest,
    settings: { ...settings, [AUTH]: { ...auth, ...(expiresAt === undefined ? {} : { expires_at: expiresAt }) } },
    secrets: { ...secrets, [ACCESS_TOKEN]: access, ...(refresh ? { [REFRESH_TOKEN]: refresh } : {}) },
  };
}

function withNext(services: Services, sourceId: string, { code, message, details }: HeadwaterError): HeadwaterError {
  if (code !== 'NEEDS_AUTH') return new HeadwaterError(code, message, details);
  return new HeadwaterError(code, message, { ...details, next: offerSignIn(services, sourceId) });
}

/** The call by which a person signs in again. */
export function offerSignIn(services: Services, sourceId: string) {
  const why = 'A person signs in again, on a page of their own.';
  return offer(services, { tool: 'request_credentials', arguments: { source_id: sourceId }, why });
}
