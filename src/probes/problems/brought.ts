import type { ProblemKind } from './kind.ts';

/** What checks of connectors that the operator brought find, in the words of those who wrote them. */
export const BROUGHT_PROBLEMS = {
  CHECK_FAILED: {
    actor: 'user',
    says: ({ what }) => what ?? 'A check of the connector failed',
    fix: ({ fix }) => fix ?? '',
  },
  CHECK_BROKEN: {
    actor: 'vendor',
    says: ({ what }) => `The connector itself is at fault: ${what}`,
    fix: () => 'Whoever wrote the connector must mend it; the config is not the cause.',
  },
  CONNECTOR_ABSENT: {
    actor: 'user',
    says: ({ what }) => `The connector ${what} of this source is not loaded`,
    fix: () =>
      'The operator of Headwater loads it again with HEADWATER_CONNECTORS; `headwater doctor` says what was left out.',
  },
  CHECK_TIMEOUT: {
    actor: 'network_admin',
    retryable: true,
    roles: ['host', 'port'],
    says: ({ host, port, what }) => `${host}:${port} did not answer in time (${what})`,
    fix: () => 'Check that the right server listens there and is not overloaded; then test again.',
  },
  LOGIN_UNTESTED: {
    actor: 'user',
    says: ({ server }) => `Headwater reached ${server} but does not speak its protocol: the login was not tested`,
    fix: () => 'Check the credentials by other means, or have the connector given a probe.',
  },
} as const satisfies Record<string, ProblemKind>;
