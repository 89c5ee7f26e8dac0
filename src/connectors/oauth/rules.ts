import type { ConfigFault } from '../define-connector.ts';
import { AUTH, isObject } from '../paths.ts';
import { CUSTOM, knownProvider, type OAuthProvider, type ProviderCode } from './providers.ts';

type Auth = Readonly<Record<string, unknown>>;
/** A field of `auth`, and what is wrong with it. */
type Fault = readonly [name: string, message: string];

/** What no single field of `OAUTH2` can say. */
export function oauthFaults(config: Readonly<Record<string, unknown>>): ConfigFault[] {
  const auth = config[AUTH];
  if (!isObject(auth) || auth['method'] !== 'oauth2') return [];
  const code = auth['provider'] as ProviderCode;
  const provider = knownProvider(code);
  const faults = [...(provider ? faultsOfKnown(auth, code, provider) : faultsOfCustom(auth)), ...faultsOfTokens(auth)];
  return faults.map(([name, message]) => ({ path: `${AUTH}/${name}`, message }));
}

function has(auth: Auth, name: string): boolean {
  return auth[name] !== undefined;
}

function faultsOfKnown(auth: Auth, code: ProviderCode, { account }: OAuthProvider): Fault[] {
  const addresses = ['issuer', 'authorize_url', 'token_url'].filter((name) => has(auth, name));
  return [...addresses.map((name): Fault => [name, `is for provider ${CUSTOM} only`]), ...faultsOfAccount()];

  function faultsOfAccount(): Fault[] {
    if (!account) return has(auth, 'account') ? [['account', `has no meaning for ${code}`]] : [];
    if (!has(auth, 'account')) return account.standard ? [] : [['account', `is needed: ${account.title}`]];
    const fits = account.pattern.test(String(auth['account']));
    return fits ? [] : [['account', `must be ${account.title}, such as ${account.example}`]];
  }
}

function faultsOfCustom(auth: Auth): Fault[] {
  const faults: Fault[] = [];
  const hasAddress = has(auth, 'authorize_url') || has(auth, 'token_url');
  if (has(auth, 'account')) faults.push(['account', `has no meaning for ${CUSTOM}`]);
  if (has(auth, 'issuer') && hasAddress) faults.push(['issuer', 'says the other two addresses; give it or them']);
  if (has(auth, 'client_id') && !has(auth, 'issuer') && !has(auth, 'token_url')) {
    faults.push(['issuer', 'is needed, or authorize_url and token_url']);
  }
  return faults;
}

function faultsOfTokens(auth: Auth): Fault[] {
  if (has(auth, 'client_id')) return [];
  if (has(auth, 'refresh_token')) return [['client_id', 'is needed to renew tokens']];
  return has(auth, 'access_token') ? [] : [['client_id', 'is needed to sign in']];
}
