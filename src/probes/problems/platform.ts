import type { ProblemKind } from './kind.ts';

/** What a source's platform says beside our own steps, and what only the platform can find out. */
export const PLATFORM_PROBLEMS = {
  TESTED_ELSEWHERE: {
    actor: 'user',
    says: ({ server, what }) => `Nothing of ${server} was connected to from here: ${what}`,
    fix: () => 'See on the platform, once the source is there, whether it works.',
  },
  CREDENTIALS_ELSEWHERE: {
    actor: 'user',
    says: ({ server, what }) => `The login to ${server} was not tested: ${what}`,
    fix: () =>
      'Test with connector and config and the secrets as references Headwater can read, or see on the platform whether the source works.',
  },
  PLATFORM_REFUSED_CONFIG: {
    actor: 'user',
    says: ({ server, what }) => `${server} does not accept the config: ${what}`,
    fix: ({ fix }) => fix ?? 'Correct the named fields.',
  },
  PLATFORM_TEST_FAILED: {
    actor: 'user',
    says: ({ server, what }) => `${server} cannot use the source from where it runs: ${what}`,
    fix: ({ fix }) =>
      fix ??
      'Where the other steps pass, the platform is kept out: have its addresses permitted at the source; otherwise correct what the other steps name.',
  },
  PLATFORM_WARNED: {
    actor: 'user',
    says: ({ server, what }) => `${server} says: ${what}`,
    fix: ({ fix }) => fix ?? 'See whether that is as it should be.',
  },
  PLATFORM_CHECK_UNAVAILABLE: {
    actor: 'user',
    retryable: true,
    says: ({ server, what }) => `${server} could not be asked: ${what}`,
    fix: () => 'The other steps stand as they are; test again later to hear the platform as well.',
  },
  PLATFORM_SCHEMA_DIFFERS: {
    actor: 'vendor',
    says: ({ server, what }) => `${server} describes the connector otherwise than Headwater's catalog: ${what}`,
    fix: () => 'The platform decides. Report the difference to Headwater, so that the catalog can be corrected.',
  },
} as const satisfies Record<string, ProblemKind>;
