import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type Config, destinationOf, parseConfig } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import type { OAuthConfig } from '../connectors/oauth/auth.ts';
import { authorizeUrl, codeOf } from '../connectors/oauth/authorize.ts';
import { endpointsFor } from '../connectors/oauth/endpoints.ts';
import { signsIn } from '../connectors/oauth/form.ts';
import { exchangeCode } from '../connectors/oauth/tokens.ts';
import { AUTH, withValues } from '../connectors/paths.ts';
import { HeadwaterError } from '../errors.ts';
import { Secret, textsOf } from '../secrets/secret.ts';
import { configFrom, referencesIn } from './credential-fields.ts';
import type { Opener, Submitted } from './credential-form.ts';
import { admitted, callFor, connectorOf, linkGone, type Submission, storedOf, submitForm } from './credential-page.ts';
import type { CredentialSession } from './credential-sessions.ts';
import { digestOf } from './credentials.ts';
import { ACCESS_TOKEN, REFRESH_TOKEN } from './live-tokens.ts';
import type { Services } from './services.ts';
import { type BegunSignIn, CALLBACK_PATH, openBegun, sealBegun } from './sign-in-state.ts';

const EXPIRES_AT = `${AUTH}/expires_at`;
const CLIENT_SECRET = `${AUTH}/client_secret`;

export interface SignInRequest {
  /** What the person has typed on the same page, by path: the client's id and secret, where nobody else knows them. */
  values?: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/**
 * Where a person goes on to sign in, and what their browser must show when it comes back: a cookie of its own, which has
 * to come along from the provider's site (SameSite=Lax).
 */
export type SignInBegun = { redirect: string; token: string } | { problems: Submitted['problems'] };

/**
 * Begins a sign-in for the opener of a page. `base`: what people see this server at, `https://host[:port][/path]`.
 * @throws HeadwaterError LINK_GONE; UNSUPPORTED where the connector signs in nowhere
 */
export async function startSignIn(
  services: Services,
  nonce: string,
  opener: Opener,
  base: string,
  { values = {}, signal }: SignInRequest,
): Promise<SignInBegun> {
  const session = await admitted(services, nonce, opener);
  if (session.state !== 'waiting' || session.opener === null || opener.token === undefined) throw linkGone();
  const connector = await connectorOf(services, session);
  return await orProblems(async () => {
    const { config, settings } = await configOfSignIn(services, connector, session, values, signal);
    if (config.client_id === undefined) return { problems: [{ path: `${AUTH}/client_id`, message: 'is required' }] };
    const endpoints = await endpointsFor(settings, config, services.tokens.ask, signal);
    const [state, token, verifier] = [random(), random(), random()];
    const redirectUri = base + CALLBACK_PATH;
    const { client_id: clientId, scopes } = config;
    const parameters = { clientId, scopes, redirectUri, state: `${session.nonceDigest}.${state}`, verifier };
    const url = authorizeUrl(endpoints, parameters);
    const begun = { nonce, opener, values, verifier, redirectUri, state: digestOf(state), token: digestOf(token) };
    const oauth = await sealBegun(services.vault, session, begun);
    if (!(await services.sessions.replace({ ...session, oauth }))) throw linkGone();
    return { redirect: url.href, token };
  });
}

/**
 * Ends it with what the provider sent back: the tokens are tested like anything else a person gives, and kept sealed
 * where they work. A state is good once, in the browser that began. `token`: what `startSignIn` gave that browser.
 * @throws HeadwaterError LINK_GONE for what no sign-in in progress belongs to: all alike; what stops a test
 */
export async function finishSignIn(
  services: Services,
  query: URLSearchParams,
  base: string,
  token: string | undefined,
  submission: Omit<Submission, 'skipTest'>,
): Promise<{ nonce: string; submitted: Submitted }> {
  const { session, begun } = await begunBy(services, query, base, token);
  const { nonce, opener, values } = begun;
  // When the tokens of before expired says nothing of those that come.
  const settings = withValues(session.settings, [[EXPIRES_AT, undefined]]);
  const spent = await services.sessions.replace({ ...session, oauth: null, settings });
  if (!spent) throw linkGone();
  const connector = await connectorOf(services, session);
  const given = await orProblems(() => tokensOf(services, connector, session, begun, query, submission.signal));
  if ('problems' in given) return { nonce, submitted: { state: 'waiting', problems: given.problems } };
  const submitted = await submitForm(services, nonce, opener, { ...values, ...given.values }, submission);
  return { nonce, submitted };
}

/** The sign-in in progress that a callback belongs to. @throws HeadwaterError LINK_GONE */
async function begunBy(services: Services, query: URLSearchParams, base: string, token: string | undefined) {
  const [state = '', ...others] = query.getAll('state');
  const [digest = '', random = ''] = state.split('.');
  const session = others.length === 0 ? await services.sessions.findByNonce(digest) : undefined;
  if (!session || session.oauth === null || session.state !== 'waiting' || token === undefined) throw linkGone();
  const begun = await openBegun(services.vault, session, session.oauth);
  const isOurs =
    isSame(digestOf(random), begun.state) &&
    isSame(digestOf(token), begun.token) &&
    begun.redirectUri === base + CALLBACK_PATH;
  if (!isOurs) throw linkGone();
  return { session, begun };
}

async function tokensOf(
  services: Services,
  connector: Connector,
  session: CredentialSession,
  { values, verifier, redirectUri }: BegunSignIn,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<{ values: Record<string, string> }> {
  const { config, settings } = await configOfSignIn(services, connector, session, values, signal);
  const { ask } = services.tokens;
  const endpoints = await endpointsFor(settings, config, ask, signal);
  const code = codeOf(query, endpoints);
  const client = { id: config.client_id ?? '', secret: config.client_secret };
  const parts = { ask, now: services.now, signal };
  const { access, refresh, expiresAt } = await exchangeCode(endpoints, client, { code, verifier, redirectUri }, parts);
  const secrets = { [ACCESS_TOKEN]: access, ...(refresh ? { [REFRESH_TOKEN]: refresh } : {}) };
  return { values: { ...textsOf(secrets), ...(expiresAt === undefined ? {} : { [EXPIRES_AT]: expiresAt }) } };
}

/** `auth` as it is known and was typed; the client's secret may be that of the stored source. */
async function configOfSignIn(
  services: Services,
  connector: Connector,
  session: CredentialSession,
  values: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<{ config: OAuthConfig; settings: Config['settings'] }> {
  const config = parseConfig(connector, configFrom(connector, session.settings, values));
  if (!signsIn(config.settings)) {
    throw new HeadwaterError('UNSUPPORTED', `${connector.name} does not sign in at an OAuth provider here.`);
  }
  const [reference] = referencesIn(config);
  if (reference) {
    throw new HeadwaterError('INVALID_CONFIG', `${reference.path} ${reference.message}.`, {
      fields: [{ field: `/config/${reference.path}`, message: reference.message }],
    });
  }
  const given = config.secrets[CLIENT_SECRET] ?? (await storedSecret(services, connector, session, config, signal));
  const secret =
    given === undefined || given instanceof Secret ? given : await services.resolveReference(given, session.tenant);
  const { settings } = config;
  return { config: { ...(settings[AUTH] as OAuthConfig), client_secret: secret }, settings };
}

/** Only where it would go to whom it went before. */
async function storedSecret(
  services: Services,
  connector: Connector,
  session: CredentialSession,
  config: Config,
  signal: AbortSignal,
) {
  const stored = await storedOf(services, session, callFor(services, session, { signal, surface: 'http' }));
  const before = await stored?.config();
  if (!before) return undefined;
  const [from, to] = [destinationOf(connector, before), destinationOf(connector, config)];
  const moved = Object.keys({ ...from, ...to }).some((path) => path.startsWith(`${AUTH}/`) && from[path] !== to[path]);
  const isSameClient = clientOf(before) === clientOf(config);
  return moved || !isSameClient ? undefined : before.secrets[CLIENT_SECRET];
}

function clientOf({ settings }: Config): unknown {
  return (settings[AUTH] as OAuthConfig | undefined)?.client_id;
}

const FAULTS: ReadonlySet<string> = new Set([
  'INVALID_CONFIG',
  'SIGN_IN_FAILED',
  'PROVIDER_UNAVAILABLE',
  'EGRESS_DENIED',
  'REFERENCE_DENIED',
  'REFERENCE_BROKEN',
]);

/** What a person can mend is told on their page. */
async function orProblems<T>(work: () => Promise<T>): Promise<T | { problems: Submitted['problems'] }> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HeadwaterError) || !FAULTS.has(error.code)) throw error;
    const { fields = [], hint, upstream_message: words } = error.details;
    const problems = fields.map(({ field, message }) => ({ path: field.replace(/^\/config\//, ''), message }));
    const message = [error.message, words && `(${words})`, hint].filter(Boolean).join(' ');
    return { problems: problems.length > 0 ? problems : [{ path: '', message }] };
  }
}

function random(): string {
  return randomBytes(32).toString('base64url');
}

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(digestOf(one)), Buffer.from(digestOf(other)));
}
