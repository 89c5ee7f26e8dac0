/**
 * Why an SSH connection, a login or a channel did not come about.
 * `not_ssh`: something else answers. `busy`: the server turns connections away. `no_common`: no algorithm that both
 * have. `lost`: the connection ended, or what came over it was broken. `way`: the server takes none of the ways to log
 * in that there are credentials for. `more`: it wants something besides. `too_many`: it ends the connection after
 * failed logins.
 */
export type SshFaultKind =
  | 'not_ssh'
  | 'busy'
  | 'no_common'
  | 'lost'
  | 'password_rejected'
  | 'key_rejected'
  | 'way'
  | 'more'
  | 'too_many'
  | 'password_expired'
  | 'channel';

export interface SshFaultDetails {
  /** What the server said, as it came: clean it before it is shown. */
  said?: string | undefined;
  /** The protocol's number for it: of a disconnect (RFC 4253, 11.1) or of a channel (RFC 4254, 5.1). */
  reason?: number | undefined;
  /** Of what sort no algorithm is common: `host key format`. */
  sort?: string | undefined;
  /** The first bytes of what is no SSH server. */
  bytes?: Buffer | undefined;
}

/** Thrown by everything of an SSH connection. */
export class SshFault extends Error {
  readonly kind: SshFaultKind;
  readonly details: SshFaultDetails;
  constructor(kind: SshFaultKind, details: SshFaultDetails = {}) {
    super(kind);
    this.name = 'SshFault';
    this.kind = kind;
    this.details = details;
  }
}

/** RFC 4253, 11.1. */
const DISCONNECT = { TOO_MANY_CONNECTIONS: 12, NO_MORE_AUTH_METHODS: 14 } as const;
/** OpenSSH has one number for most of its reasons, and says in words which it is. */
const TOO_MANY_FAILURES = /too many authentication failures/i;
/** What OpenSSH says in place of its first line when it is full, or has had enough of an address. */
const FULL = /^(Exceeded MaxStartups|Not allowed at this time|Too many (connections|users))/i;
const NO_COMMON = /^Handshake failed: no matching (.+)$/;

/** What an error event of ssh2 is. `loggingIn`: a login has begun. `offered`: algorithms of the server, of one sort. */
export function faultOf(error: Error & { code?: unknown }, loggingIn: boolean, offered: string): SshFault {
  const { message, code } = error;
  const sort = NO_COMMON.exec(message)?.[1];
  if (sort !== undefined) return new SshFault('no_common', { sort, said: offered });
  if (typeof code !== 'number') return new SshFault('lost');
  const details = { reason: code, said: message };
  if (code === DISCONNECT.TOO_MANY_CONNECTIONS) return new SshFault('busy', details);
  const enough = code === DISCONNECT.NO_MORE_AUTH_METHODS || TOO_MANY_FAILURES.test(message);
  return new SshFault(loggingIn && enough ? 'too_many' : 'lost', details);
}

/** What a connection that ended before the server's first line was one to. */
export function beforeFirstLine(first: Buffer): SshFault {
  if (first.length === 0) return new SshFault('lost');
  const text = first.toString('latin1');
  return FULL.test(text) ? new SshFault('busy', { said: text }) : new SshFault('not_ssh', { bytes: first });
}

/** Why a channel was not opened. ssh2 hides what was said in a sentence. */
export function channelFault(error: Error & { reason?: unknown }): SshFault {
  if (typeof error.reason !== 'number') return new SshFault('lost');
  return new SshFault('channel', {
    reason: error.reason,
    said: error.message.replace(/^\(SSH\) Channel open failure: /, ''),
  });
}
