import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connector } from '../connectors/define-connector.ts';
import { isSecret } from '../connectors/fields.ts';
import { partialSettings } from '../connectors/partial.ts';
import { HeadwaterError, type NextCall } from '../errors.ts';
import { fieldsFor, wantedSecrets } from './credential-fields.ts';
import type { CredentialSession, SessionState } from './credential-sessions.ts';
import { newSessionId } from './id.ts';
import { newMatchCode } from './match-code.ts';
import type { Platform } from './platform.ts';
import {
  type Call,
  connectorFor,
  offer,
  platformArgument,
  platformOf,
  platformOfSource,
  type Services,
  storedSource,
} from './services.ts';
import type { PlatformCode } from './source.ts';

export interface CredentialsRequest {
  connector?: string;
  source_id?: string;
  platform?: PlatformCode;
  config?: Readonly<Record<string, unknown>>;
  fields?: readonly string[];
  session_id?: string;
  wait_s?: number;
}

export interface CredentialsAnswer {
  session_id: string;
  /** Only with the answer that made it. */
  url?: string;
  match_code: string;
  fields: readonly string[];
  state: SessionState;
  expires_at: string;
  /** Once it is ready: what the config of the calls to come has in place of each of the fields. */
  reference: string;
  /** Once it is ready: the config without secrets, with what the person has added to it. */
  config?: Readonly<Record<string, unknown>>;
  next: NextCall[];
}

/** How long a person has. */
const LIFE_MS = 10 * 60_000;
const LOOK_EVERY_MS = 400;

/**
 * Begins a hand-over of credentials, or waits for one that has begun. Nothing that it answers with is a secret or gives
 * access to one. @throws HeadwaterError SESSION_NOT_FOUND, CONNECTOR_NOT_FOUND, INVALID_CONFIG, UNSUPPORTED
 */
export async function requestCredentials(
  services: Services,
  request: CredentialsRequest,
  call: Call,
): Promise<CredentialsAnswer> {
  if (request.session_id !== undefined) return await waited(services, request.session_id, request.wait_s ?? 0, call);
  const { session, nonce } = await begun(services, request, call);
  const url = await services.credentialPages.url(nonce);
  await services.sessions.insert(session, call.trail.take());
  return answerOf(services, session, url);
}

async function begun(services: Services, request: CredentialsRequest, call: Call) {
  const { platform, connector, settings, sourceId } = await subjectOf(services, request, call);
  call.trail.concerns(connector);
  const wanted = wantedOf(connector, settings, request.fields);
  const nonce = randomBytes(32).toString('base64url');
  const now = services.now();
  const session: CredentialSession = {
    id: newSessionId(now),
    tenant: call.principal.tenant,
    subject: call.principal.subject,
    connector: connector.vendorCode ?? connector.code,
    platform: platform.code,
    sourceId,
    fields: wanted,
    settings,
    nonceDigest: digestOf(nonce),
    matchCode: newMatchCode(),
    opener: null,
    badOpens: 0,
    state: 'waiting',
    tested: false,
    sealed: null,
    destination: null,
    oauth: null,
    revision: 1,
    createdAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + LIFE_MS).toISOString(),
  };
  return { session, nonce };
}

async function subjectOf(
  services: Services,
  request: CredentialsRequest,
  call: Call,
): Promise<{ platform: Platform; connector: Connector; settings: Record<string, unknown>; sourceId: string | null }> {
  if (request.source_id !== undefined) {
    const { connector, config, source } = await storedSource(services, request.source_id, call);
    const { settings } = await config();
    const changed = request.config ? partialSettings(connector, request.config) : {};
    const platform = platformOfSource(services, source.id);
    return { platform, connector, settings: { ...settings, ...changed }, sourceId: source.id };
  }
  const platform = platformOf(services, request.platform);
  const connector = await connectorFor(platform, request.connector ?? '', request.config);
  return { platform, connector, settings: partialSettings(connector, request.config ?? {}), sourceId: null };
}

/** @throws HeadwaterError INVALID_ARGUMENTS for a field that is no secret of the connector; UNSUPPORTED where it has none */
function wantedOf(connector: Connector, settings: Record<string, unknown>, given?: readonly string[]): string[] {
  const known = [...fieldsFor(connector, settings)].flatMap(([path, { facts }]) => (isSecret(facts) ? [path] : []));
  if (known.length === 0) {
    throw new HeadwaterError('UNSUPPORTED', `The connector ${connector.name} has no secrets to hand over.`);
  }
  const named = given?.map((name) => name.replace(/^\//, '').replace(/^config\//, ''));
  const wrong = named?.filter((name) => !known.includes(name)) ?? [];
  if (wrong.length > 0) {
    throw new HeadwaterError('INVALID_ARGUMENTS', `Only secrets are handed over this way: ${known.join(', ')}.`, {
      fields: [{ field: '/fields', message: `${wrong[0]?.slice(0, 60)} is none of them` }],
    });
  }
  return named && named.length > 0 ? named : wantedSecrets(connector, settings);
}

async function waited(services: Services, id: string, waitS: number, call: Call): Promise<CredentialsAnswer> {
  const until = performance.now() + waitS * 1000;
  for (;;) {
    const session = await services.sessions.find(call.principal.tenant, id);
    if (!session || session.subject !== call.principal.subject) throw noSession();
    if (session.state !== 'waiting' || performance.now() >= until) return answerOf(services, session);
    await delay(LOOK_EVERY_MS, undefined, { signal: call.signal }).catch(() => {
      throw new HeadwaterError('CANCELLED', 'Waiting was cancelled.');
    });
  }
}

function answerOf(services: Services, session: CredentialSession, url?: string): CredentialsAnswer {
  return {
    session_id: session.id,
    ...(url === undefined ? {} : { url }),
    match_code: session.matchCode,
    fields: session.fields,
    state: session.state,
    expires_at: session.expiresAt,
    reference: referenceTo(session.id),
    ...(session.state === 'ready' ? { config: completeConfig(session) } : {}),
    next: nextOf(services, session),
  };
}

/** The config that the calls to come need: what is known, and the reference in place of each secret. */
function completeConfig({ settings, fields, id }: CredentialSession): Record<string, unknown> {
  const config: Record<string, unknown> = { ...settings };
  for (const path of fields) {
    const [group = '', name] = path.split('/');
    if (name === undefined) config[group] = referenceTo(id);
    else config[group] = { ...(config[group] as object | undefined), [name]: referenceTo(id) };
  }
  return config;
}

export function referenceTo(sessionId: string): string {
  return `\${credential:${sessionId}}`;
}

function nextOf(services: Services, session: CredentialSession): NextCall[] {
  const { id, state, sourceId, connector, platform: code } = session;
  const platform = platformArgument(services, platformOf(services, code));
  const again = { tool: 'request_credentials', arguments: { session_id: id, wait_s: 50 } };
  if (state === 'waiting') {
    const why = `Once the person has the link, and knows that the page must show ${session.matchCode}: waits for them.`;
    return offer(services, { ...again, why });
  }
  if (state !== 'ready') return [];
  const said = session.tested ? 'Tested already' : 'Given without a test';
  const config = completeConfig(session);
  if (sourceId !== null) {
    const why = `${said}: put the new credentials into service.`;
    const secrets = Object.fromEntries(
      Object.entries(config).filter(([name]) => session.fields.some((path) => path.split('/')[0] === name)),
    );
    return offer(services, { tool: 'update_source', arguments: { source_id: sourceId, config: secrets }, why });
  }
  const why = `${said}: create the source.`;
  return offer(services, { tool: 'create_source', arguments: { connector, config, ...platform }, why });
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function noSession(): HeadwaterError {
  return new HeadwaterError(
    'SESSION_NOT_FOUND',
    'There is no hand-over of credentials of that name, or it has run out.',
    {
      hint: 'They live for ten minutes. Ask for a new one with request_credentials.',
    },
  );
}
