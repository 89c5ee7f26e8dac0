import type { ProblemKind } from './kind.ts';

/** Rights and passwords that are in order today, and worth a word all the same. */
export const RIGHTS_PROBLEMS = {
  OVER_PRIVILEGED: {
    actor: 'dba',
    roles: ['username'],
    says: ({ username, what }) => `${username} ${what}: a source that only reads needs less`,
    fix: () => 'Give the source a user of its own that may only read.',
  },
  PASSWORD_EXPIRES: {
    actor: 'dba',
    roles: ['password'],
    says: ({ username, what }) => `The password of ${username} expires ${what}`,
    fix: () => 'Set a new password in time, or one that does not expire, and put it into the config.',
  },
} as const satisfies Record<string, ProblemKind>;
