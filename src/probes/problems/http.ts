import type { ProblemKind } from './kind.ts';

/** Answers of HTTP servers. Sources: RFC 9110, and what APIs do with it. */
export const HTTP_PROBLEMS = {
  HTTP_TIMEOUT: {
    actor: 'vendor',
    retryable: true,
    roles: ['url'],
    says: ({ host, port }) => `${host}:${port} took the request and did not answer`,
    fix: () => 'Test again; if it stays, ask those who run the API, or raise timeout_s for a slow one.',
  },
  HTTP_BROKEN: {
    actor: 'vendor',
    retryable: true,
    roles: ['url'],
    says: ({ host, port }) => `${host}:${port} ended the connection in the middle of its answer`,
    fix: () => 'Test again; if it stays, ask those who run the API.',
  },
  HTTP_CODING: {
    actor: 'vendor',
    roles: ['url'],
    says: ({ host, what }) => `${host} sends its answer in a coding that was not asked for: ${what}`,
    fix: () => 'Have the server keep to what accept-encoding asks for: gzip, deflate, br, or none.',
  },
  HTTP_REDIRECT: {
    actor: 'user',
    roles: ['url'],
    says: ({ what }) => `The API answers from another address: ${what}`,
    fix: ({ what }) =>
      `Set url to ${what}, if that is the API you mean. Redirects are not followed, so that credentials go nowhere else.`,
  },
  HTTP_NOT_FOUND: {
    actor: 'user',
    roles: ['url'],
    says: ({ what }) => `There is nothing at ${what}`,
    fix: () => 'Correct url or test_path. Some APIs answer so, too, where the credentials may not see the resource.',
  },
  HTTP_RATE_LIMITED: {
    actor: 'vendor',
    retryable: true,
    says: ({ host }) => `${host} says that there were too many requests`,
    fix: ({ what }) => (what ? `Wait ${what} and test again.` : 'Wait a moment and test again.'),
  },
  HTTP_SERVER_ERROR: {
    actor: 'vendor',
    retryable: true,
    says: ({ host, what }) => `${host} failed with status ${what}`,
    fix: () => 'Test again; if it stays, ask those who run the API.',
  },
  HTTP_UNEXPECTED: {
    actor: 'user',
    roles: ['url'],
    says: ({ host, what }) =>
      Number(what) < 400
        ? `${host} answers with status ${what}, and with nothing that was asked for`
        : `${host} refused the request with status ${what}`,
    fix: () => "Look at the evidence, and at the API's documentation for what this path takes.",
  },
  HTTP_NOT_JSON: {
    actor: 'user',
    roles: ['url'],
    says: ({ host, what }) => `${host} answers, but not as an API: ${what}`,
    fix: ({ fix }) => fix || 'Give the address of the API itself (often with /api or /v1), not of its web page.',
  },
  HTTP_NO_RECORDS: {
    actor: 'user',
    roles: ['url'],
    says: ({ what }) => `The answer has no list at ${what}`,
    fix: () => 'Correct records_path (a JSON Pointer such as /data), or leave it out.',
  },
  API_AUTH_REJECTED: {
    actor: 'user',
    says: ({ host, what }) => `${host} rejected the credentials (status ${what})`,
    fix: () => 'Check the credentials and whether they go where this API wants them (auth.method).',
  },
  API_AUTH_MISSING: {
    actor: 'user',
    says: ({ host, what }) => `${host} wants credentials, and none are set (status ${what})`,
    fix: () => 'Choose auth.method and give the credentials, best as references.',
  },
  API_FORBIDDEN: {
    actor: 'vendor',
    says: ({ host }) => `${host} knows the credentials, but they may not read this`,
    fix: () => 'Have the scope or role of the credentials extended, or point to something that they may read.',
  },
  AUTH_UNPROVEN: {
    actor: 'user',
    says: ({ host, what }) => `What ${host} answers does not prove the credentials: ${what}`,
    fix: ({ fix }) => fix || 'Set test_path to something that only works with credentials, such as /me.',
  },
} as const satisfies Record<string, ProblemKind>;
