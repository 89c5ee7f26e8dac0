import type { Report } from '../probes/report.ts';
import type { SessionState } from './credential-sessions.ts';

/** One input of the credential page, or of the form in a terminal. */
export interface FormField {
  /** Its path in the config: `password`, `auth/token`. */
  path: string;
  title: string;
  description: string;
  secret: boolean;
  /** A key or a certificate: many lines, also as a file. */
  multiline: boolean;
  required: boolean;
  /** What there is to choose from. */
  options?: readonly string[];
  /** What is there already; never of a secret. */
  value?: string;
}

/** What a person sees of a session: everything that the page shows. Holds no secret. */
export interface CredentialForm {
  sessionId: string;
  state: SessionState;
  /** `PostgreSQL` */
  connector: string;
  /** `Streamkap`; absent for `local`. */
  platform?: string;
  /** The name of the source whose credentials are replaced. */
  source?: string;
  matchCode: string;
  /** ISO 8601. */
  expiresAt: string;
  /** What is fixed, to be read, where secrets go first: `Host` `db.example.com`. */
  known: readonly { title: string; value: string }[];
  fields: readonly FormField[];
  /** A connection string may be given in place of the fields, and is taken apart. */
  takesConnectionString: boolean;
  /** Signing in at a provider is a way, or the only way: what the button says. */
  signIn?: { provider: string; only: boolean };
}

/** What came of values that a person gave. */
export interface Submitted {
  /** `ready` where the test has passed or was waived; `waiting` where something is to be corrected. */
  state: SessionState;
  /** By path: what is wrong with a field. */
  problems: readonly { path: string; message: string }[];
  /** The test, where it came to one. */
  report?: Report;
}

/** Who opens a page. */
export interface Opener {
  /** What its browser was given at the first opening; undefined before. */
  token: string | undefined;
  /** Who is signed in, where that is known (HTTP with tokens). */
  principal?: { tenant: string; subject: string };
}
