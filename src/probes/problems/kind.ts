/** Who can mend a failure. */
export type Actor = 'user' | 'dba' | 'network_admin' | 'cloud_admin' | 'vendor';

/** What a problem's sentences may speak of. Values from outside are cleaned before they get here. */
export interface Facts {
  host?: string;
  port?: number;
  username?: string;
  database?: string;
  /** The product's name: `PostgreSQL`. */
  server?: string;
  /** Anything one problem alone needs. */
  what?: string;
  /** A fix that only the place of the failure knows. */
  fix?: string;
}

/** A way a step can fail or warn. */
export interface ProblemKind {
  actor: Actor;
  retryable?: boolean;
  /** Roles of the config fields to change. */
  roles?: readonly string[];
  /** Config keys to change, of a problem that only one connector has. */
  fields?: readonly string[];
  /** The headline: what happened, in one sentence. */
  says: (facts: Facts) => string;
  /** The one thing to do. */
  fix: (facts: Facts) => string;
}

export const withoutStop = (sentence: string) => sentence.replace(/\.$/, '');

export const place = ({ host, port }: Facts) => `${host}:${port}`;
