import { type Config, destinationOf } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import { fieldsByPath } from '../connectors/paths.ts';
import { HeadwaterError } from '../errors.ts';
import { isSessionId } from '../secrets/references.ts';
import { Secret, unpackSecrets } from '../secrets/secret.ts';
import { type CredentialSession, changeSession } from './credential-sessions.ts';
import { noSession } from './credentials.ts';
import type { Platform } from './platform.ts';
import { type Call, offer, platformOf, type Services } from './services.ts';

/** A config with what people have handed over in its place, and the hand-overs that it came from. */
export interface Handed {
  config: Config;
  /** Secrets of the config that no conversation has seen. */
  handed: Config['secrets'];
  sessions: readonly CredentialSession[];
}

/**
 * Puts secrets that were handed over in the place of their references. They are for the connector and the destination
 * that the person saw, and for nothing else, whatever a config says.
 * @throws HeadwaterError SESSION_NOT_FOUND, CREDENTIALS_REQUIRED
 */
export async function withCredentials(
  services: Services,
  platform: Platform,
  connector: Connector,
  config: Config,
  call: Call,
): Promise<Handed> {
  const sessions = new Map<string, { session: CredentialSession; secrets: Readonly<Record<string, Secret>> }>();
  const handed: Record<string, Secret> = {};
  for (const [path, value] of Object.entries(config.secrets)) {
    if (value instanceof Secret || value.scheme !== 'credential' || !isSessionId(value.target)) continue;
    const known = sessions.get(value.target) ?? (await opened(services, platform, connector, value.target, call));
    sessions.set(value.target, known);
    handed[path] = secretAt(known, connector, path);
  }
  if (sessions.size === 0) return { config, handed, sessions: [] };
  const whole = { ...config, secrets: { ...config.secrets, ...handed } };
  for (const { session } of sessions.values()) refuseElsewhere(session, connector, whole);
  return { config: whole, handed, sessions: [...sessions.values()].map(({ session }) => session) };
}

/** Ends hand-overs whose secrets a source has now. */
export async function attach(services: Services, sessions: readonly CredentialSession[]): Promise<void> {
  for (const session of sessions) {
    const ended = { state: 'attached', sealed: null, oauth: null } as const;
    await changeSession(services.sessions, session, (now) => ({ ...now, ...ended }));
  }
}

async function opened(services: Services, platform: Platform, connector: Connector, id: string, { principal }: Call) {
  const session = await services.sessions.find(principal.tenant, id);
  if (!session || session.subject !== principal.subject || session.state === 'attached') throw noSession();
  if (session.connector !== (connector.vendorCode ?? connector.code)) {
    throw new HeadwaterError('CREDENTIALS_REQUIRED', `These credentials were handed over for ${session.connector}.`, {
      hint: `Ask for those of ${connector.name} with request_credentials.`,
    });
  }
  if (session.platform !== platform.code) {
    const name = platformOf(services, session.platform).name;
    throw new HeadwaterError('CREDENTIALS_REQUIRED', `These credentials were handed over for ${name}.`, {
      hint: `Ask for those for ${platform.name} with request_credentials: the person must see who gets them.`,
    });
  }
  if (session.sealed === null) {
    throw new HeadwaterError('CREDENTIALS_REQUIRED', 'The person has not given the credentials yet.', {
      next: offer(services, {
        tool: 'request_credentials',
        arguments: { session_id: id, wait_s: 50 },
        why: 'Waits for them.',
      }),
    });
  }
  return { session, secrets: unpackSecrets(await services.vault.open(session.sealed, sealContext(session))) };
}

/** What a session's secrets are sealed for. */
export function sealContext({ tenant, id }: Pick<CredentialSession, 'tenant' | 'id'>) {
  return { tenant, sourceId: id, credentialVersion: 1 };
}

function secretAt(
  { session, secrets }: { session: CredentialSession; secrets: Readonly<Record<string, Secret>> },
  connector: Connector,
  path: string,
): Secret {
  const secret = secrets[path];
  if (secret) return secret;
  const title = fieldsByPath(connector).get(path)?.facts.title ?? path;
  throw new HeadwaterError(
    'CREDENTIALS_REQUIRED',
    `${title} was not handed over: only ${session.fields.join(', ')} was.`,
    {
      fields: [{ field: `/config/${path}`, message: 'was not handed over' }],
      hint: 'Ask for it with request_credentials and its name in fields.',
    },
  );
}

/** Otherwise whoever writes the config would say where a person's secrets go. */
function refuseElsewhere({ destination }: CredentialSession, connector: Connector, config: Config): void {
  const now = destinationOf(connector, config);
  const names = new Set([...Object.keys(destination ?? {}), ...Object.keys(now)]);
  // What a test has seen and pinned since, where nothing was, narrows where they go.
  const isPin = (name: string) =>
    connector.fields[name]?.facts.seenAt !== undefined && destination?.[name] === undefined;
  const moved = [...names].filter((name) => now[name] !== destination?.[name] && !isPin(name));
  if (moved.length === 0) return;
  throw new HeadwaterError(
    'CREDENTIALS_REQUIRED',
    `${moved.join(', ')} is another one than the person saw when they gave the credentials.`,
    {
      fields: moved.map((name) => ({
        field: `/config/${name}`,
        message: 'is not what the credentials were given for',
      })),
      hint: 'Use the config that request_credentials answered with, or ask for credentials for this destination.',
    },
  );
}
