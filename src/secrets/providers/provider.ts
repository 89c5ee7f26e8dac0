import { HeadwaterError } from '../../errors.ts';
import type { Secret } from '../secret.ts';

/**
 * Where references of one scheme point. A provider is one file, which has this and a function that makes its
 * `ReadSecret` from what the operator has set, and its line in the table of `references.ts`.
 */
export interface SchemeFacts {
  /** How a reference is written. */
  form: string;
  /** What it reads, for README. */
  reads: string;
  /** What the operator opens it with, for README. */
  opened: string;
  /** Whether the target is well formed; nothing is read. */
  isTarget: (target: string) => boolean;
}

/**
 * Reads the secret that a well-formed target points at, for somebody of `tenant`.
 * @throws HeadwaterError REFERENCE_DENIED where the operator has not opened it, REFERENCE_BROKEN where nothing is there;
 * both with the way to mend it, neither with the value
 */
export type ReadSecret = (target: string, tenant: string) => Promise<Secret>;

export function denied(reference: string, hint: string): HeadwaterError {
  return new HeadwaterError('REFERENCE_DENIED', `${reference} may not be read.`, { hint });
}
