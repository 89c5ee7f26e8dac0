import type { ErrorCode } from '../errors.ts';

/** Codes that any tool can end with. */
export const COMMON_ERRORS: readonly ErrorCode[] = [
  'INVALID_ARGUMENTS',
  'STORE_UNAVAILABLE',
  'KEY_UNAVAILABLE',
  'CANCELLED',
  'INTERNAL',
];

/** Codes that a tool which connects to sources can end with before it has connected. */
export const ATTEMPT_ERRORS: readonly ErrorCode[] = ['RATE_LIMITED', 'CIRCUIT_OPEN', 'LOGIN_PAUSED'];

/** Codes that a tool which asks a platform can end with. */
export const PLATFORM_ERRORS: readonly ErrorCode[] = [
  'PLATFORM_NOT_CONFIGURED',
  'PLATFORM_AUTH_FAILED',
  'PLATFORM_REJECTED',
  'PLATFORM_UNAVAILABLE',
  'OUTCOME_UNKNOWN',
  'REFERENCE_DENIED',
  'REFERENCE_BROKEN',
  'UNSUPPORTED',
  'RATE_LIMITED',
];

/** Codes that a tool which reads from stored sources can end with where their tokens cannot be renewed. */
export const SIGN_IN_ERRORS: readonly ErrorCode[] = [
  'NEEDS_AUTH',
  'SIGN_IN_FAILED',
  'PROVIDER_UNAVAILABLE',
  'EGRESS_DENIED',
];
