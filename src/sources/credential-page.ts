import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type Config, destinationOf, parseConfig } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import { signInAt } from '../connectors/oauth/form.ts';
import { AUTH, valueAt } from '../connectors/paths.ts';
import { findConnector } from '../connectors/search.ts';
import { HeadwaterError } from '../errors.ts';
import type { OnStep } from '../probes/probe.ts';
import type { Report } from '../probes/report.ts';
import { packSecrets } from '../secrets/secret.ts';
import type { Surface } from './audit.ts';
import { configFrom, formFields, knownFields, literalsOf, referencesIn } from './credential-fields.ts';
import type { CredentialForm, Opener, Submitted } from './credential-form.ts';
import { type CredentialSession, changeSession } from './credential-sessions.ts';
import { digestOf } from './credentials.ts';
import { type StoredSource, standardChecks } from './platform.ts';
import { testConfig } from './probing.ts';
import { type Call, platformOf, platformOfSource, type Services } from './services.ts';
import { createTrail } from './trail.ts';
import { sealContext } from './with-credentials.ts';

const MOST_BAD_OPENS = 5;

export interface Submission {
  signal: AbortSignal;
  onStep?: OnStep;
  /** The person takes them for right although they were not tested. */
  skipTest?: boolean;
  /** Through what the person gives them; `http` by default, the page. */
  surface?: Surface;
}

/**
 * What a link leads to. The first browser that opens it is given `token`, and from then on only that one may.
 * @throws HeadwaterError LINK_GONE for a link that is unknown, used, expired, locked or somebody else's: all alike
 */
export async function openForm(
  services: Services,
  nonce: string,
  opener: Opener,
): Promise<{ form: CredentialForm; token?: string }> {
  const session = await admitted(services, nonce, opener);
  if (session.opener !== null) return { form: await formOf(services, session) };
  // Made first: where that fails, nobody has opened the page yet, and it can be tried again.
  const form = await formOf(services, session);
  const token = randomBytes(32).toString('base64url');
  const isFirst = await services.sessions.replace({ ...session, opener: digestOf(token) });
  if (!isFirst) throw linkGone();
  return { form, token };
}

/**
 * Tests what a person gave, and keeps it sealed where it works. @throws HeadwaterError LINK_GONE, and what stops a test:
 * RATE_LIMITED, LOGIN_PAUSED, CIRCUIT_OPEN, CANCELLED
 */
export async function submitForm(
  services: Services,
  nonce: string,
  opener: Opener,
  values: Readonly<Record<string, string>>,
  submission: Submission,
): Promise<Submitted> {
  const session = await admitted(services, nonce, opener);
  if (session.opener === null) throw linkGone();
  return await submitTo(services, session, values, submission);
}

/** The same for whoever sits at the machine itself, who needs no link. */
export async function submitTo(
  services: Services,
  session: CredentialSession,
  values: Readonly<Record<string, string>>,
  { signal, onStep, skipTest = false, surface = 'http' }: Submission,
): Promise<Submitted> {
  const call = callFor(services, session, { signal, onStep, surface });
  const connector = await connectorOf(services, session);
  const whole = configGiven(connector, session, await storedOf(services, session, call), values);
  if ('problems' in whole) return { state: 'waiting', problems: whole.problems };
  const { config, own } = whole;
  let report: Report | undefined;
  if (!skipTest) {
    const platform = platformOf(services, session.platform);
    const checks = standardChecks(platform, connector);
    ({ report } = await testConfig(services, connector, config, { checks }, call, { platform }));
    if (!report.ok) return { state: 'waiting', problems: problemsIn(report), report };
  }
  const sealed = await services.vault.seal(packSecrets(literalsOf(own.secrets)), sealContext(session));
  const given: Partial<CredentialSession> = {
    state: 'ready',
    tested: report !== undefined,
    settings: config.settings,
    fields: Object.keys(own.secrets),
    sealed,
    destination: destinationOf(connector, config),
  };
  const isSame = (now: CredentialSession) => now.revision === session.revision || now.state === 'waiting';
  const ready = (now: CredentialSession) => (isSame(now) ? { ...now, ...given } : undefined);
  const kept = await changeSession(services.sessions, session, ready, call.trail.take());
  if (!kept) throw linkGone();
  return { state: 'ready', problems: [], ...(report ? { report } : {}) };
}

/** The form of a session, as a page or a terminal shows it. */
export async function formOf(services: Services, session: CredentialSession): Promise<CredentialForm> {
  const connector = await connectorOf(services, session);
  const platform = platformOf(services, session.platform);
  const { settings, fields } = session;
  const source = session.sourceId === null ? undefined : await nameOf(services, session);
  const provider = signInAt(settings);
  return {
    sessionId: session.id,
    state: session.state,
    connector: connector.name,
    ...(platform.code === 'local' ? {} : { platform: platform.name }),
    ...(source === undefined ? {} : { source }),
    matchCode: session.matchCode,
    expiresAt: session.expiresAt,
    known: knownFields(connector, settings),
    fields: formFields(connector, settings, fields),
    takesConnectionString: connector.connectionString !== undefined,
    ...(provider === undefined ? {} : { signIn: { provider, only: !fields.includes(`${AUTH}/access_token`) } }),
  };
}

export async function connectorOf(services: Services, session: CredentialSession): Promise<Connector> {
  return findConnector(await platformOf(services, session.platform).connectors(), session.connector);
}

/** @throws HeadwaterError LINK_GONE; after several strangers the session is locked */
export async function admitted(services: Services, nonce: string, opener: Opener): Promise<CredentialSession> {
  const session = await services.sessions.findByNonce(digestOf(nonce));
  if (!session || session.state === 'attached' || session.state === 'locked') throw linkGone();
  const { principal } = opener;
  const isOther = principal && (principal.tenant !== session.tenant || principal.subject !== session.subject);
  if (!isOther && (session.opener === null || isToken(opener.token, session.opener))) return session;
  await changeSession(services.sessions, session, (now) => {
    const badOpens = now.badOpens + 1;
    // What is there already was given by the right one, and stays of use.
    return { ...now, badOpens, state: now.state === 'waiting' && badOpens >= MOST_BAD_OPENS ? 'locked' : now.state };
  });
  throw linkGone();
}

function isToken(token: string | undefined, digest: string): boolean {
  return token !== undefined && timingSafeEqual(Buffer.from(digestOf(token)), Buffer.from(digest));
}

export function callFor(
  services: Services,
  session: CredentialSession,
  { signal, onStep, surface }: { signal: AbortSignal; onStep?: OnStep | undefined; surface: Surface },
): Call {
  const principal = { tenant: session.tenant, subject: session.subject, role: 'editor' as const };
  const trail = createTrail({ principal, surface }, 'give_credentials', services.now);
  return { principal, trail, signal, ...(onStep ? { onStep } : {}) };
}

export async function storedOf(
  services: Services,
  session: CredentialSession,
  call: Call,
): Promise<StoredSource | undefined> {
  if (session.sourceId === null) return undefined;
  return await platformOfSource(services, session.sourceId).sources.get(call, session.sourceId);
}

async function nameOf(services: Services, session: CredentialSession): Promise<string | undefined> {
  const call = callFor(services, session, { signal: new AbortController().signal, surface: 'http' });
  return (await storedOf(services, session, call))?.source.name;
}

type Given = { config: Config; own: Config } | { problems: Submitted['problems'] };

/** The config of what is known and what was given; `own`: without the secrets that a stored source keeps. */
function configGiven(
  connector: Connector,
  session: CredentialSession,
  _stored: StoredSource | undefined,
  values: Readonly<Record<string, string>>,
): Given {
  try {
    const input = configFrom(connector, session.settings, values);
    const own = parseConfig(connector, input);
    const references = referencesIn(own);
    if (references.length > 0) return { problems: references };
    const missing = formFields(connector, session.settings, session.fields)
      .filter(({ required, path }) => required && !given(own, path))
      .map(({ path }) => ({ path, message: 'is required' }));
    return missing.length > 0 ? { problems: missing } : { config: own, own };
  } catch (error) {
    if (!(error instanceof HeadwaterError) || error.code !== 'INVALID_CONFIG') throw error;
    const fields = error.details.fields ?? [];
    const problems = fields.map(({ field, message }) => ({ path: field.replace(/^\/config\//, ''), message }));
    return { problems: problems.length > 0 ? problems : [{ path: '', message: error.message }] };
  }
}

function given({ settings, secrets }: Config, path: string): boolean {
  return secrets[path] !== undefined || valueAt(settings, path) !== undefined;
}

/** What is wrong, at the fields that failed steps name. */
function problemsIn({ steps, headline }: Report): Submitted['problems'] {
  const failed = steps.filter(({ status }) => status === 'fail');
  const problems = failed.flatMap(({ fields = [], message }) =>
    fields.map((path) => ({ path, message: message ?? headline })),
  );
  return problems.length > 0 ? problems : [{ path: '', message: headline }];
}

export function linkGone(): HeadwaterError {
  return new HeadwaterError('LINK_GONE', 'This link does not lead anywhere any more.', {
    hint: 'Go back to the conversation and ask for a new one.',
  });
}
