import type { AuditEntry } from './audit.ts';
import type { PlatformCode } from './source.ts';

/**
 * `waiting`: nobody has given anything yet. `ready`: the secrets are there, tested, and can be used by reference.
 * `attached`: a source has them; the session is over. `locked`: too many wrong openers. Expired ones are gone.
 */
export const SESSION_STATES = ['waiting', 'ready', 'attached', 'locked'] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/** The hand-over of a connector's secrets from a person, outside of any conversation. */
export interface CredentialSession {
  /** `cs_…`: named in conversations, and no credential by itself. */
  id: string;
  tenant: string;
  /** Who asked for it; on HTTP nobody else may open its page. */
  subject: string;
  /** Its connector's code, on its platform. */
  connector: string;
  platform: PlatformCode;
  /** The source whose credentials are to be replaced, where there is one. */
  sourceId: string | null;
  /** Paths of the secrets that are wanted. */
  fields: readonly string[];
  /** What is known of the config without secrets; a person may have added to it. */
  settings: Readonly<Record<string, unknown>>;
  /** SHA-256, hex, of what the link carries. */
  nonceDigest: string;
  /** Shown in the conversation and on the page, for the person to compare. */
  matchCode: string;
  /** SHA-256, hex, of what the first browser that opened the page was given; null before. */
  opener: string | null;
  badOpens: number;
  state: SessionState;
  /** Whether they have passed a test; a person may have given them without. */
  tested: boolean;
  /** The vault's envelope of the secrets by path; null until they are there. */
  sealed: string | null;
  /** What they were given for: the canonical destination. They are never sent anywhere else. */
  destination: Readonly<Record<string, string>> | null;
  /** What an OAuth sign-in in progress has to remember, sealed; null where there is none. */
  oauth: string | null;
  /** Counts writes; each expects the one before. */
  revision: number;
  /** ISO 8601. */
  createdAt: string;
  expiresAt: string;
}

/** Keeps sessions, each write durable before it resolves. Expired ones are not found. @throws HeadwaterError STORE_UNAVAILABLE */
export interface CredentialSessions {
  insert(session: CredentialSession, audit: AuditEntry): Promise<void>;
  find(tenant: string, id: string): Promise<CredentialSession | undefined>;
  findByNonce(nonceDigest: string): Promise<CredentialSession | undefined>;
  /** Replaces it if its revision is still `session.revision`, and counts on. `false`: somebody else was first. */
  replace(session: CredentialSession, audit?: AuditEntry): Promise<boolean>;
}

const TRIES = 5;

/**
 * Replaces a session by what `change` makes of it as it is now, also where something else was written meanwhile: a
 * stranger at the link must not undo what its owner does. `false`: `change` had nothing to make of it, or it is gone.
 */
export async function changeSession(
  sessions: CredentialSessions,
  session: CredentialSession,
  change: (now: CredentialSession) => CredentialSession | undefined,
  audit?: AuditEntry,
): Promise<boolean> {
  let now: CredentialSession | undefined = session;
  for (let left = TRIES; now && left > 0; left -= 1) {
    const changed = change(now);
    if (!changed) return false;
    if (await sessions.replace(changed, audit)) return true;
    now = await sessions.find(session.tenant, session.id);
  }
  return false;
}
