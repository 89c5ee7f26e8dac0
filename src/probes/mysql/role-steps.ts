import type { StepOutcome, StepSpec } from '../probe.ts';
import type { Remedy } from '../problems/index.ts';
import { overprivilege } from './excess.ts';
import { expiry } from './expiry.ts';
import { literal } from './names.ts';
import { accountOf } from './remedies.ts';
import type { Session } from './session.ts';

/** What is worth knowing of the account: more rights than it needs, a password that ends, connections that run out. */
export function roleSteps(session: Session): StepSpec[] {
  const step = (id: string, title: string, run: () => Promise<StepOutcome>): StepSpec => ({
    id,
    title,
    limitMs: 2000,
    timeout: { code: 'QUERY_TIMEOUT', facts: session.facts },
    run,
  });
  return [
    step('role', 'No more rights than reading takes', () => overprivilege(session)),
    step('password_expiry', 'The password lasts', () => expiry(session)),
    step('connections', 'Connections are left', () => connections(session)),
  ];
}

/** What a sync takes besides this one. */
const SPARE_CONNECTIONS = 2;

async function connections(session: Session): Promise<StepOutcome> {
  const [limits] = await session.query('SELECT @@max_user_connections AS most, USER() AS name').catch(() => []);
  const most = Number(limits?.['most'] ?? 0);
  if (!(most > 0)) return { evidence: 'not limited for this account' };
  const name = (limits?.['name'] ?? '').replace(/@[^@]*$/, '');
  const [row] = await session.query(
    `SELECT COUNT(*) AS used FROM information_schema.PROCESSLIST WHERE USER = ${literal(name)}`,
  );
  const used = Number(row?.['used'] ?? 0);
  const evidence = `${used} of ${most} in use`;
  if (used + SPARE_CONNECTIONS <= most) return { evidence };
  const account = accountOf(session.asking);
  const wanted = used + SPARE_CONNECTIONS * 4;
  const remedies: Remedy[] =
    account === undefined
      ? []
      : [
          {
            stage: 'account',
            why: 'Room for a sync and a test beside what is in use.',
            script: `ALTER USER ${account} WITH MAX_USER_CONNECTIONS ${wanted};`,
            undo: `ALTER USER ${account} WITH MAX_USER_CONNECTIONS ${most};`,
          },
        ];
  return { evidence, warning: { code: 'ROLE_FEW_CONNECTIONS', facts: { ...session.facts, what: evidence }, remedies } };
}
