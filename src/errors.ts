/**
 * Every error code an agent can meet, in one table. README's table is generated from it.
 * `retryable`: the same call may succeed later without a change by the caller.
 */
export const ERROR_CODES = {
  INVALID_ARGUMENTS: {
    retryable: false,
    meaning: 'An argument is missing, unknown or of the wrong form. `fields` point at each.',
  },
  INVALID_CONFIG: {
    retryable: false,
    meaning: "The config does not fit the connector's schema. `fields` point at each problem.",
  },
  INVALID_CURSOR: {
    retryable: false,
    meaning: 'The cursor is not one that this list gave out. Start again without it.',
  },
  CONNECTOR_NOT_FOUND: { retryable: false, meaning: 'No connector has that code, name or alias.' },
  SOURCE_NOT_FOUND: { retryable: false, meaning: 'There is no source with that id, or it is not yours.' },
  STREAM_NOT_FOUND: { retryable: false, meaning: 'The source has no such stream, or its user may not see it.' },
  NAME_TAKEN: { retryable: false, meaning: 'Another source already has this name.' },
  VERSION_CONFLICT: { retryable: false, meaning: 'The source has changed since the version in `if_version`.' },
  IDEMPOTENCY_CONFLICT: { retryable: false, meaning: 'This `idempotency_key` was used before with other arguments.' },
  CREDENTIALS_REQUIRED: {
    retryable: false,
    meaning: 'A destination field changed, so stored credentials are not sent along. Give them again.',
  },
  NEEDS_AUTH: {
    retryable: false,
    meaning: 'A person has to sign in at the OAuth provider, for the first time or again: `next` says how.',
  },
  SIGN_IN_FAILED: {
    retryable: false,
    meaning: 'The OAuth provider did not sign the person in, or gave no tokens. `upstream_message` is its reason.',
  },
  PROVIDER_UNAVAILABLE: {
    retryable: true,
    meaning: 'The OAuth provider cannot be reached, or failed on its side.',
  },
  SESSION_NOT_FOUND: {
    retryable: false,
    meaning: 'There is no such hand-over of credentials, or it has run out or ended. Ask for a new one.',
  },
  LINK_GONE: {
    retryable: false,
    meaning: 'The link of a credential page does not lead anywhere: it is unknown, used, expired, or somebody else’s.',
  },
  CONFIRMATION_REQUIRED: {
    retryable: false,
    meaning: "`confirm` is not the source's name, or the person who was asked said no.",
  },
  SECRET_IN_ARGUMENT: {
    retryable: false,
    meaning: 'A literal secret was given and HEADWATER_INLINE_SECRETS is `refuse`.',
  },
  REFERENCE_DENIED: { retryable: false, meaning: 'The operator has not opened what this reference points at.' },
  REFERENCE_BROKEN: { retryable: false, meaning: 'The reference is allowed, but nothing usable is there.' },
  EGRESS_DENIED: {
    retryable: false,
    meaning: 'The egress policy does not permit this target. The hint names the switch an operator can set.',
  },
  TEST_FAILED: {
    retryable: false,
    meaning: 'The connection test failed, so nothing was stored. The report says what to fix.',
  },
  CONNECTION_FAILED: {
    retryable: false,
    meaning: 'The source could not be reached or refused the request. The report says why.',
  },
  UNSUPPORTED: { retryable: false, meaning: 'The platform or connector cannot do this. The message says why.' },
  SOURCE_PAUSED: { retryable: false, meaning: 'The source is paused or stopped, so no connection is opened for it.' },
  RATE_LIMITED: {
    retryable: true,
    meaning:
      'Connections were attempted too often, or the platform says so of its requests. `retry_after_ms` says when there is room again.',
  },
  CIRCUIT_OPEN: {
    retryable: true,
    meaning:
      'The destination failed several times in a row, or asked to be left alone, so it is not connected to before `retry_after_ms`. `last_error` says what failed last.',
  },
  LOGIN_PAUSED: {
    retryable: false,
    meaning:
      'The server rejected these credentials twice, and more could lock the account. Corrected ones are tried at once, the same ones after `retry_after_ms`.',
  },
  PLATFORM_NOT_CONFIGURED: {
    retryable: false,
    meaning: 'The platform has no credentials here. `describe_platforms` says what an operator must set.',
  },
  PLATFORM_AUTH_FAILED: {
    retryable: false,
    meaning: "The platform does not accept Headwater's own credentials there, or they may not do this.",
  },
  PLATFORM_REJECTED: {
    retryable: false,
    meaning: 'The platform refused the request. `fields` and `upstream_message` say what it names.',
  },
  PLATFORM_UNAVAILABLE: {
    retryable: true,
    meaning: 'The platform cannot be reached, or failed on its side.',
  },
  OUTCOME_UNKNOWN: {
    retryable: true,
    meaning:
      'The connection to the platform ended before it said what it did. Repeat the same call: Headwater looks first, and makes nothing twice.',
  },
  STORE_UNAVAILABLE: { retryable: true, meaning: 'The store cannot be opened or is too busy.' },
  KEY_UNAVAILABLE: {
    retryable: false,
    meaning: 'The master key is missing, malformed or not the one the credentials were sealed with.',
  },
  CANCELLED: { retryable: true, meaning: 'The caller cancelled.' },
  DEADLINE_EXCEEDED: { retryable: true, meaning: 'It took longer than allowed.' },
  INTERNAL: { retryable: false, meaning: 'A fault in Headwater. The log has the details under the same `id`.' },
} as const satisfies Record<string, { retryable: boolean; meaning: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** A complete tool call an agent can make next. */
export interface NextCall {
  tool: string;
  arguments: Record<string, unknown>;
  why: string;
}

/** One thing wrong with an input: `field` is a JSON Pointer. */
export interface FieldProblem {
  field: string;
  message: string;
}

export interface ErrorDetails {
  hint?: string;
  fields?: FieldProblem[];
  retryable?: boolean;
  retry_after_ms?: number;
  /** What failed last at a place that is left alone. */
  last_error?: { code: string; message: string };
  next?: NextCall[];
  report?: unknown;
  upstream_message?: string;
  cause?: unknown;
}

/** The only error that crosses a boundary. Everything else is a fault and shows as `INTERNAL`. */
export class HeadwaterError extends Error {
  readonly code: ErrorCode;
  readonly details: Omit<ErrorDetails, 'cause'>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const { cause, ...rest } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'HeadwaterError';
    this.code = code;
    this.details = rest;
  }

  get retryable(): boolean {
    return this.details.retryable ?? ERROR_CODES[this.code].retryable;
  }

  /** The wire form. Never holds `cause`. */
  toJSON(): Record<string, unknown> {
    return { code: this.code, message: this.message, ...this.details, retryable: this.retryable };
  }
}
