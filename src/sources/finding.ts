import type { Finding } from '../net/attempt.ts';
import type { ProblemCode } from '../probes/problems/index.ts';
import { DEPTHS, type Report } from '../probes/report.ts';

/**
 * What failed steps say of the destination and of the login, by their codes. What is not here was an answer of
 * something that is there: a wrong certificate or protocol, a missing grant, a query that takes too long.
 */
const OUTCOMES: Partial<Record<ProblemCode, Finding['outcome']>> = {
  // Nothing was dialled, or nothing that should be.
  CONFIG_UNUSABLE: 'unknown',
  HOST_REFUSED: 'unknown',
  SSH_HOST_REFUSED: 'unknown',
  FILE_REFUSED: 'unknown',
  REDIRECT_REFUSED: 'unknown',
  CHECK_BROKEN: 'unknown',
  CONNECTOR_ABSENT: 'unknown',
  OAUTH_SIGN_IN_NEEDED: 'unknown',
  OAUTH_UNREACHABLE: 'unknown',

  DNS_NOT_FOUND: 'unreachable',
  DNS_FAILED: 'unreachable',
  DNS_TIMEOUT: 'unreachable',
  TCP_REFUSED: 'unreachable',
  TCP_TIMEOUT: 'unreachable',
  TCP_UNREACHABLE: 'unreachable',
  CONNECTION_LOST: 'unreachable',
  PROTOCOL_TIMEOUT: 'unreachable',
  TLS_FAILED: 'unreachable',
  TLS_TIMEOUT: 'unreachable',
  AUTH_TIMEOUT: 'unreachable',
  HTTP_TIMEOUT: 'unreachable',
  HTTP_BROKEN: 'unreachable',
  HTTP_SERVER_ERROR: 'unreachable',
  CHECK_TIMEOUT: 'unreachable',
  // What a database says where an HTTP server says 503.
  SERVER_NOT_READY: 'unreachable',
  TOO_MANY_CONNECTIONS: 'unreachable',

  SSH_DNS_NOT_FOUND: 'unreachable',
  SSH_DNS_FAILED: 'unreachable',
  SSH_DNS_TIMEOUT: 'unreachable',
  SSH_TCP_REFUSED: 'unreachable',
  SSH_TCP_TIMEOUT: 'unreachable',
  SSH_TCP_UNREACHABLE: 'unreachable',
  SSH_CONNECTION_LOST: 'unreachable',
  SSH_PROTOCOL_TIMEOUT: 'unreachable',
  SSH_BUSY: 'unreachable',
  SSH_AUTH_TIMEOUT: 'unreachable',
  TUNNEL_NAME_UNKNOWN: 'unreachable',
  TUNNEL_REFUSED: 'unreachable',
  TUNNEL_TIMEOUT: 'unreachable',
  TUNNEL_UNREACHABLE: 'unreachable',

  HTTP_RATE_LIMITED: 'asked_to_wait',

  AUTH_REJECTED: 'rejected',
  AUTH_REJECTED_WITHOUT_TLS: 'rejected',
  API_AUTH_REJECTED: 'rejected',
  MCP_AUTH_REJECTED: 'rejected',
};

/** Logins that an SSH server on the way refused, which is no refusal of the source. */
const REFUSED_ON_THE_WAY: ReadonlySet<ProblemCode> = new Set([
  'SSH_AUTH_REJECTED',
  'SSH_KEY_REJECTED',
  'SSH_TOO_MANY_FAILURES',
]);

/** What a test has found out for the gate of attempts. The first failure decides: what follows may come of it. */
export function findingOf(report: Report): Finding {
  const login = report.steps.find((step) => step.id === 'ssh_auth');
  if (login?.status === 'pass') return { ...ofSource(report), through: 'accepted' };
  if (login?.code && REFUSED_ON_THE_WAY.has(login.code)) return { ...ofSource(report), through: 'rejected' };
  return ofSource(report);
}

function ofSource({ steps, depth, headline }: Report): Finding {
  const failure = steps.find((step) => step.status === 'fail');
  const outcome = failure?.code && OUTCOMES[failure.code];
  if (failure?.code === undefined || outcome === undefined) {
    return { outcome: DEPTHS.indexOf(depth) >= DEPTHS.indexOf('auth') ? 'accepted' : 'reached' };
  }
  const last = { code: failure.code, message: headline };
  if (outcome === 'unreachable') return { outcome, last };
  if (outcome === 'asked_to_wait') return { outcome, last, waitMs: failure.retry_after_ms };
  return { outcome };
}
