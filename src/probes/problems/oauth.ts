import { type ProblemKind, withoutStop } from './kind.ts';

/** Sign-ins at OAuth providers, before anything is asked of the source itself. */
export const OAUTH_PROBLEMS = {
  OAUTH_SIGN_IN_NEEDED: {
    actor: 'user',
    says: ({ what }) => `Signing in is needed: ${withoutStop(what ?? '')}`,
    fix: ({ fix }) => fix || 'Sign in again.',
  },
  OAUTH_UNREACHABLE: {
    actor: 'vendor',
    retryable: true,
    says: ({ what }) => `The sign-in cannot be renewed now: ${withoutStop(what ?? '')}`,
    fix: ({ fix }) => fix || 'Test again; if it stays, ask those who run the provider.',
  },
} as const satisfies Record<string, ProblemKind>;
