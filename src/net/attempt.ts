import type { CircuitStore, LastFailure } from './breaker.ts';
import type { RejectionStore } from './login-pause.ts';
import type { AttemptLog } from './rate-limit.ts';

/** What all processes together keep of attempts to connect. */
export interface Kept {
  attempts: AttemptLog;
  circuits: CircuitStore;
  rejections: RejectionStore;
}

/** Where it is kept. @throws HeadwaterError STORE_UNAVAILABLE */
export interface Ledger {
  /** One transaction that nobody else writes in between. `work` waits for nothing but what is kept. */
  transact<T>(work: (kept: Kept) => Promise<T>): Promise<T>;
}

/** A connection that somebody wants to be attempted. */
export interface Attempt {
  tenant: string;
  connector: string;
  /** Absent where nothing but a file of this machine is read. */
  endpoint?: Endpoint | undefined;
  /** The account that a login is for; absent where credentials belong to none, as tokens do. */
  username?: string | undefined;
  /** A keyed digest of the credentials and of how they are sent. Asked for only where logins were rejected. */
  fingerprint: () => Promise<string>;
  /** The same for the account at the server that the endpoint is reached through. */
  throughFingerprint?: () => Promise<string>;
  /** A person says that the account was mended at its server: rejections of before are no reason to leave it alone. */
  insists?: boolean;
  /** Longest it takes until it is settled. */
  longestMs: number;
}

/** A place, and the SSH server that it is reached through, which is then the one that is dialled. */
export interface Endpoint {
  host: string;
  port: number;
  through?: { host: string; port: number; username: string };
}

/**
 * What an attempt says. `accepted`: the login was right. `rejected`: it was not. `reached`: something answered.
 * `unreachable`: nothing did, or with a failure of its own. `asked_to_wait`: the server wants to be left alone.
 * `unknown`: it did not come to any of that.
 */
export type Finding = (
  | { outcome: 'accepted' | 'rejected' | 'reached' | 'unknown' }
  | { outcome: 'unreachable'; last: LastFailure }
  | { outcome: 'asked_to_wait'; last: LastFailure; waitMs: number | undefined }
) & {
  /** What the login at the server on the way came to, where it came to one. */
  through?: 'accepted' | 'rejected';
};
