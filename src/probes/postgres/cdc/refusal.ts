import { type ProblemCode, type ProblemDetails, StepFailure } from '../../problems/index.ts';
import { clientFailure, loginFailure, serverError, stateOf } from '../errors.ts';
import { hbaFix, loginFixes } from '../login-fixes.ts';
import type { Session } from '../session.ts';

/** SQLSTATE and words → what kept a replication session from being opened. */
const REFUSALS: readonly { state: RegExp; pattern: RegExp; code: ProblemCode }[] = [
  { state: /^42501$/, pattern: /^/, code: 'CDC_ROLE' },
  { state: /^53300$/, pattern: /max_wal_senders/, code: 'CDC_NO_FREE_SLOT' },
  { state: /^28000$/, pattern: /pg_hba/, code: 'CDC_SESSION_NOT_PERMITTED' },
  // Poolers know no such startup parameter, or take the command for SQL.
  { state: /^08P01$/, pattern: /replication|startup parameter|unsupported/i, code: 'CDC_POOLER' },
  { state: /^42601$/, pattern: /^/, code: 'CDC_POOLER' },
];
const KNOWN: ReadonlySet<ProblemCode> = new Set(['ROLE_CONNECTION_LIMIT', 'TOO_MANY_CONNECTIONS', 'SERVER_NOT_READY']);

/** Why no replication session could be opened, although the same login works for queries. */
export function sessionRefusal(error: unknown, session: Session): StepFailure {
  const { facts, context } = session;
  const refused = serverError(error);
  if (!refused) return session.isBehindProxy ? new StepFailure('CDC_POOLER', facts) : clientFailure(error, facts);
  const said: ProblemDetails = { evidence: session.clean(refused.message, 300), ...stateOf(refused) };
  const code = REFUSALS.find(({ state, pattern }) => state.test(refused.code) && pattern.test(refused.message))?.code;
  if (code === 'CDC_SESSION_NOT_PERMITTED')
    return new StepFailure(code, facts, { ...said, ...hbaFix(session, refused.message) });
  if (code !== undefined) return new StepFailure(code, facts, said);
  const state = { tls: true, tlsIsOff: false, passwordAccepted: true };
  const asLogin = loginFailure(error, facts, context, state, loginFixes(session, true));
  if (KNOWN.has(asLogin.problem.code)) return asLogin;
  return new StepFailure(session.isBehindProxy ? 'CDC_POOLER' : 'CDC_SESSION_REFUSED', facts, said);
}
