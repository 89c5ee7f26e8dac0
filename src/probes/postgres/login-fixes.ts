import type { ProblemCode, ProblemDetails } from '../problems/index.ts';
import { providerOf } from '../providers/index.ts';
import { ruleCommand } from './hba.ts';
import { account, mayConnect, mayLogIn, mayOpenSessions, mayReplicate, opened } from './remedies.ts';
import type { Session } from './session.ts';

/** What mends a refused login, by its code; `said` is the server's own text, from outside. */
export function loginFixes(session: Session, wantsCdc: boolean): (code: ProblemCode, said: string) => ProblemDetails {
  const { facts, config } = session;
  const { host, port, username } = config;
  const made = () => {
    const provider = providerOf({ engine: 'postgresql', host, port, username });
    return account(facts, session.selection, wantsCdc ? [mayReplicate(facts, provider?.replication)] : []);
  };
  const fixes: Partial<Record<ProblemCode, (said: string) => ProblemDetails>> = {
    AUTH_REJECTED: () => ({
      advice:
        `Check both: servers do not say which of the two is wrong. The password of ${facts.username} may have been ` +
        'changed or have expired, or the role may not be there: the hand-off has what an administrator can run.',
      remedies: made(),
    }),
    USER_UNKNOWN: () => ({ remedies: made() }),
    LOGIN_NOT_PERMITTED: () => ({ remedies: [mayLogIn(facts)] }),
    DATABASE_DENIED: () => ({ remedies: [mayConnect(facts)] }),
    DATABASE_CLOSED: () => ({ remedies: [opened(facts)] }),
    ROLE_CONNECTION_LIMIT: () => ({ remedies: [mayOpenSessions(facts)] }),
    HOST_NOT_PERMITTED: (said) => hbaFix(session, said),
  };
  return (code, said) => fixes[code]?.(said) ?? {};
}

/** The rule to put in front of pg_hba.conf; in words alone where the server did not name the address. */
export function hbaFix(session: Session, said: string): ProblemDetails {
  const { username, database } = session.facts;
  const rule = ruleCommand({ username, database, said, tls: session.wire !== session.link.socket });
  if (!rule) return {};
  return {
    advice: `If both names are right: put this line in front of pg_hba.conf (the first match wins) and reload: ${rule.line}`,
    command: rule.command,
  };
}
