import { HeadwaterError } from '../../errors.ts';
import type { Ask } from '../../net/ask.ts';
import { urlFault } from '../../net/http-url.ts';
import { isObject } from '../paths.ts';
import type { OAuthConfig } from './auth.ts';
import { CUSTOM as CUSTOM_CODE, knownProvider, type OAuthProvider } from './providers.ts';

/** A provider with its addresses filled in. */
export interface Endpoints extends Omit<OAuthProvider, 'authorizeUrl' | 'tokenUrl' | 'account' | 'docsUrl'> {
  /** Absent where a config only says how to renew. */
  authorizeUrl?: URL;
  tokenUrl: URL;
  /** Whose word `iss` in a callback must be (RFC 9207). */
  issuer?: string;
  /** It says of itself that there always is one. */
  namesIssuer?: boolean;
  /** What tokens are for (RFC 8707), where the protocol that they are used with asks for it. */
  resource?: string;
}

type Settings = Readonly<Record<string, unknown>>;

/**
 * Where the provider of a config is. Remote MCP servers want tokens that were asked for by their own address; vendors'
 * own providers know nothing of that. @throws as `endpointsOf`
 */
export async function endpointsFor(settings: Settings, auth: OAuthConfig, ask: Ask, signal: AbortSignal) {
  const endpoints = await endpointsOf(auth, ask, signal);
  const { base_url: address } = settings;
  const isBound = typeof address === 'string' && auth.provider === CUSTOM_CODE;
  return isBound ? { ...endpoints, resource: address } : endpoints;
}

/**
 * Where a config's provider is. For a custom one with an issuer its metadata is asked for (OpenID Connect Discovery,
 * RFC 8414). @throws HeadwaterError SIGN_IN_FAILED, EGRESS_DENIED, PROVIDER_UNAVAILABLE
 */
export async function endpointsOf(auth: OAuthConfig, ask: Ask, signal: AbortSignal): Promise<Endpoints> {
  const known = knownProvider(auth.provider);
  if (known) return filledIn(known, auth.account ?? known.account?.standard ?? '');
  if (auth.issuer !== undefined) return await discovered(auth.issuer, ask, signal);
  if (auth.token_url === undefined) throw failed('the config names no address of its provider');
  const authorizeUrl = auth.authorize_url === undefined ? {} : { authorizeUrl: new URL(auth.authorize_url) };
  return { ...CUSTOM, name: new URL(auth.token_url).host, ...authorizeUrl, tokenUrl: new URL(auth.token_url) };
}

/** A provider's name, for buttons and sentences. */
export function providerName({ provider, issuer, token_url }: Pick<OAuthConfig, 'provider' | 'issuer' | 'token_url'>) {
  const at = issuer ?? token_url;
  const host = at !== undefined && URL.canParse(at) ? new URL(at).host : 'the provider';
  return knownProvider(provider)?.name ?? host;
}

/** What RFC 6749 has every server take, and RFC 9700 advises. */
const CUSTOM = { scopeSeparator: ' ', clientAuth: 'basic', encoding: 'form', refresh: 'rotates' } as const;

function filledIn({ authorizeUrl, tokenUrl, account, docsUrl: _, ...rest }: OAuthProvider, name: string): Endpoints {
  if (account && !account.pattern.test(name)) throw failed(`the account must be ${account.title}`);
  const at = (template: string) => new URL(template.replace('{account}', name));
  return { ...rest, authorizeUrl: at(authorizeUrl), tokenUrl: at(tokenUrl) };
}

async function discovered(issuer: string, ask: Ask, signal: AbortSignal): Promise<Endpoints> {
  for (const url of metadataUrls(issuer)) {
    const { status, json } = await ask({ url }, signal);
    if (status === 200 && isObject(json)) return fromMetadata(issuer, json);
    if (status >= 500) throw new HeadwaterError('PROVIDER_UNAVAILABLE', `${url.host} failed with status ${status}.`);
  }
  throw failed(`there is no OAuth metadata below ${issuer}`);
}

/** OpenID Connect puts its name behind the path of the issuer, RFC 8414 before it. */
function metadataUrls(issuer: string): URL[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/+$/, '');
  return [
    new URL(`${origin}${path}/.well-known/openid-configuration`),
    new URL(`${origin}/.well-known/oauth-authorization-server${path}`),
  ];
}

function fromMetadata(issuer: string, metadata: Readonly<Record<string, unknown>>): Endpoints {
  const own = String(metadata['issuer']);
  // Else one provider could speak for another (RFC 8414 §3.3).
  if (own.replace(/\/$/, '') !== issuer.replace(/\/$/, '')) throw failed('the metadata is that of another issuer');
  const endpoint = (name: string): URL => {
    const text = metadata[name];
    if (typeof text !== 'string' || urlFault(text) !== undefined) throw failed(`the metadata has no usable ${name}`);
    const url = new URL(text);
    if (url.protocol !== 'https:' && new URL(issuer).protocol === 'https:') throw failed(`${name} is not https`);
    return url;
  };
  const listed = (name: string): readonly unknown[] => (Array.isArray(metadata[name]) ? metadata[name] : []);
  const challenges = listed('code_challenge_methods_supported');
  if (challenges.length > 0 && !challenges.includes('S256')) throw failed('the provider knows no PKCE with S256');
  const methods = listed('token_endpoint_auth_methods_supported');
  const isBody = methods.includes('client_secret_post') && !methods.includes('client_secret_basic');
  // Without consent there would be no refresh token (OpenID Connect Core §11).
  const offline = listed('scopes_supported').includes('offline_access')
    ? { offlineScope: 'openid offline_access', extra: { prompt: 'consent' } }
    : {};
  return {
    ...CUSTOM,
    ...(isBody ? { clientAuth: 'body' } : {}),
    ...offline,
    name: new URL(issuer).host,
    authorizeUrl: endpoint('authorization_endpoint'),
    tokenUrl: endpoint('token_endpoint'),
    issuer: own,
    namesIssuer: metadata['authorization_response_iss_parameter_supported'] === true,
  };
}

function failed(what: string): HeadwaterError {
  return new HeadwaterError('SIGN_IN_FAILED', `There is nobody to sign in at: ${what}.`, {
    hint: 'Correct auth.provider, auth.account, auth.issuer, or the two addresses of a custom provider.',
  });
}
