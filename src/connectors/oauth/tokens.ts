import { HeadwaterError } from '../../errors.ts';
import type { Answer, Ask, Question } from '../../net/ask.ts';
import { Secret } from '../../secrets/secret.ts';
import { isObject } from '../paths.ts';
import type { Endpoints } from './endpoints.ts';

/** A client of one's own at a provider; a public one has no secret. */
export interface OAuthClient {
  id: string;
  secret?: Secret | undefined;
}

export interface Tokens {
  access: Secret;
  /** Absent where the provider gave none: one that was used before stays, if it is of that kind. */
  refresh?: Secret;
  /** ISO 8601; absent where it does not expire, or nobody said when. */
  expiresAt?: string;
}

export interface TokenParts {
  ask: Ask;
  now: () => Date;
  signal: AbortSignal;
}

/** What a code is worth. @throws HeadwaterError SIGN_IN_FAILED, EGRESS_DENIED, PROVIDER_UNAVAILABLE */
export async function exchangeCode(
  endpoints: Endpoints,
  client: OAuthClient,
  { code, verifier, redirectUri }: { code: string; verifier: string; redirectUri: string },
  parts: TokenParts,
): Promise<Tokens> {
  const grant = {
    grant_type: 'authorization_code',
    code: new Secret(code),
    redirect_uri: redirectUri,
    code_verifier: new Secret(verifier),
  };
  return await tokensFor(endpoints, client, grant, 'SIGN_IN_FAILED', parts);
}

/**
 * New tokens for a refresh token. @throws HeadwaterError NEEDS_AUTH where it, or the client, is not accepted any more;
 * EGRESS_DENIED, PROVIDER_UNAVAILABLE
 */
export async function renewTokens(
  endpoints: Endpoints,
  client: OAuthClient,
  refresh: Secret,
  parts: TokenParts,
): Promise<Tokens> {
  const grant = { grant_type: 'refresh_token', refresh_token: refresh };
  return await tokensFor(endpoints, client, grant, 'NEEDS_AUTH', parts);
}

type Refused = 'SIGN_IN_FAILED' | 'NEEDS_AUTH';

async function tokensFor(
  endpoints: Endpoints,
  client: OAuthClient,
  grant: NonNullable<Question['fields']>,
  refused: Refused,
  { ask, now, signal }: TokenParts,
): Promise<Tokens> {
  const { tokenUrl: url, encoding, clientAuth, name, resource } = endpoints;
  const isBasic = clientAuth === 'basic' && client.secret !== undefined;
  const proof = isBasic ? {} : { client_id: client.id, ...(client.secret ? { client_secret: client.secret } : {}) };
  const question: Question = {
    url,
    encoding,
    fields: { ...grant, ...proof, ...(resource === undefined ? {} : { resource }) },
    ...(isBasic && client.secret ? { basic: { user: client.id, password: client.secret } } : {}),
  };
  const began = now();
  const answer = await ask(question, signal);
  const { status, json } = answer;
  if (status === 429 || status >= 500) {
    throw new HeadwaterError('PROVIDER_UNAVAILABLE', `${name} failed with status ${status}.`, upstream(answer));
  }
  const fault = faultOf(answer);
  if (fault !== undefined || !isObject(json)) throw refusal(refused, name, fault ?? `status ${status}`, answer);
  const access = textOf(json['access_token']) ?? userToken(json);
  if (access === undefined) throw refusal(refused, name, 'no access token in its answer', answer);
  const type = textOf(json['token_type']);
  if (type !== undefined && BOUND.test(type)) throw refusal(refused, name, `tokens of the type ${type}`, answer);
  const refresh = textOf(json['refresh_token']);
  const lifetime = Number(json['expires_in'] ?? Number.NaN);
  return {
    access: new Secret(access),
    ...(refresh === undefined ? {} : { refresh: new Secret(refresh) }),
    ...(lifetime > 0 && lifetime < MOST_SECONDS
      ? { expiresAt: new Date(began.getTime() + lifetime * 1000).toISOString() }
      : {}),
  };
}

/** Tokens that need more than to be shown. Vendors call bearer tokens by names of their own (`bot`). */
const BOUND = /^(dpop|mac|pop)$/i;
const MOST_SECONDS = 100 * 365 * 86_400;

/** Slack gives the token of a person apart from that of the app. */
function userToken(json: Readonly<Record<string, unknown>>): string | undefined {
  const user = json['authed_user'];
  return isObject(user) ? textOf(user['access_token']) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= 65_536 ? value : undefined;
}

/** The code of an error. GitHub and Slack answer with 200 to what they refuse. */
function faultOf({ status, json, clean }: Answer): string | undefined {
  const said = isObject(json) ? textOf(json['error']) : undefined;
  if (said !== undefined) return clean(said, 80);
  return status >= 200 && status < 300 ? undefined : `status ${status}`;
}

const OF_CLIENT: ReadonlySet<string> = new Set([
  'invalid_client',
  'unauthorized_client',
  'incorrect_client_credentials',
]);
const OF_ADDRESS: ReadonlySet<string> = new Set(['redirect_uri_mismatch', 'bad_redirect_uri']);

function refusal(code: Refused, name: string, fault: string, answer: Answer): HeadwaterError {
  const isClient = OF_CLIENT.has(fault);
  const message = isClient
    ? `${name} does not accept the client: its id or secret is wrong, or no longer valid.`
    : code === 'NEEDS_AUTH'
      ? `${name} does not renew the sign-in any more (${fault}).`
      : `${name} gave no tokens for the sign-in (${fault}).`;
  const hint = isClient
    ? 'Correct auth.client_id and auth.client_secret, then sign in.'
    : OF_ADDRESS.has(fault)
      ? 'Register the redirect address at the provider exactly as the page shows it.'
      : 'Sign in again.';
  return new HeadwaterError(code, message, { hint, ...upstream(answer) });
}

function upstream({ json, clean }: Answer): { upstream_message?: string } {
  if (!isObject(json)) return {};
  const words = [json['error'], json['error_description'], json['message']].filter((each) => typeof each === 'string');
  return words.length > 0 ? { upstream_message: clean(words.join(': '), 300) } : {};
}
