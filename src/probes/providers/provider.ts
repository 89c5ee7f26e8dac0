import type { Engine, Place, Suspicion } from '../diagnosis/suspicion.ts';
import type { Actor } from '../problems/index.ts';

export type { Engine, Place } from '../diagnosis/suspicion.ts';

/** How a server parameter is changed: in words, and as a command where there is one. */
export interface Change {
  text: string;
  command?: string;
}

/**
 * Whoever runs the server, recognised by its name. What a host pattern says is what the vendors document; where a
 * product has several doors (a pooler, a proxy, a reader endpoint) each is one of its own.
 */
export interface Provider {
  /** `rds`, `neon_pooler`. */
  code: string;
  /** In sentences: `Amazon RDS`. */
  name: string;
  engines: readonly Engine[];
  /** How its names end, so that a misspelt one is known. */
  suffixes?: readonly string[];
  fits: (place: Place) => boolean;
  /** Who changes server settings there. */
  settingsBy: Extract<Actor, 'dba' | 'cloud_admin' | 'user'>;
  /** How a server parameter is set there; absent where it is set as on a server of one's own. */
  setting?: (name: string, value: string, place: Place) => Change;
  /** What lets a role replicate there, where `ALTER ROLE … REPLICATION` is not it. `role` is quoted. */
  replication?: (role: string) => string;
  /** Where the addresses that may connect are listed. */
  allowList?: string;
  /** Where its certificate authority is to be had. */
  authority?: string;
  /** Why changes cannot be captured through this door, and what to do instead. */
  noReplication?: { because: string; instead: string };
  /** What is worth knowing of it in any case. */
  note?: string;
  /** What is often behind a failure there. */
  suspicions?: readonly Suspicion[];
}
