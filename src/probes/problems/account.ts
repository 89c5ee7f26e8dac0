import type { ProblemKind } from './kind.ts';

/** What is worth knowing of an account that can log in. */
export const ACCOUNT_PROBLEMS = {
  ROLE_TOO_POWERFUL: {
    actor: 'dba',
    roles: ['username'],
    says: ({ username, what }) => `${username} may do more than reading takes: ${what}`,
    fix: () => 'Take these rights away, or give the source an account of its own that may only read.',
  },
  ROLE_EXPIRES: {
    actor: 'dba',
    roles: ['password'],
    says: ({ username, what }) => `The password of ${username} ${what}`,
    fix: () => 'Set a new one in time, and put it into the config; or let the password of this account last.',
  },
  ROLE_FEW_CONNECTIONS: {
    actor: 'dba',
    roles: ['username'],
    says: ({ username, what }) => `${username} has hardly a connection left: ${what}`,
    fix: () => 'Close what is idle, or permit this account more connections.',
  },
} as const satisfies Record<string, ProblemKind>;
