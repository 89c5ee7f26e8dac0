import { AUTH, type FieldPath, isObject, valueAt } from '../paths.ts';
import type { OAuthConfig } from './auth.ts';
import { providerName } from './endpoints.ts';
import { CUSTOM, knownProvider, PROVIDER_CODES, type ProviderCode } from './providers.ts';

type Settings = Readonly<Record<string, unknown>>;

/** Whether a config signs in at an OAuth provider. */
export function signsIn(settings: Settings): boolean {
  return valueAt(settings, `${AUTH}/method`) === 'oauth2';
}

/** Which provider a person signs in at, in words; nothing where a config does without. */
export function signInAt(settings: Settings): string | undefined {
  const { auth } = settings;
  if (!signsIn(settings) || !isObject(auth)) return undefined;
  return isProvider(auth['provider']) ? providerName(auth as unknown as OAuthConfig) : 'the provider';
}

/** What a sign-in cannot do without, or rarely, besides the provider itself and the client's secret. */
export function askedOfSignIn(settings: Settings): FieldPath[] {
  if (!signsIn(settings)) return [];
  const provider = valueAt(settings, `${AUTH}/provider`);
  const isUnknown = provider === undefined;
  const hasAccount = isProvider(provider) && knownProvider(provider)?.account !== undefined;
  const names = [
    ...(isUnknown || hasAccount ? ['account'] : []),
    ...((isUnknown || provider === CUSTOM) && valueAt(settings, `${AUTH}/token_url`) === undefined ? ['issuer'] : []),
    'client_id',
    'scopes',
  ];
  return names.map((name) => `${AUTH}/${name}`);
}

function isProvider(value: unknown): value is ProviderCode {
  return typeof value === 'string' && (PROVIDER_CODES as readonly string[]).includes(value);
}
