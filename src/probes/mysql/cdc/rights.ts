import type { StepOutcome } from '../../probe.ts';
import { type ProblemDetails, StepFailure } from '../../problems/index.ts';
import { captureRights } from '../accounts.ts';
import { grantsOf } from '../grants.ts';
import { holds, READS_THE_LOG } from '../privileges.ts';
import { settingsFolder } from '../product.ts';
import { databases } from '../queries.ts';
import { right, startFix } from '../remedies.ts';
import type { Session } from '../session.ts';
import { type Check, isOn, type LogPosition, type Look } from './look.ts';

/** What the account and the filters let a reader of the log have. */
export const RIGHTS_CHECKS: readonly Check[] = [
  {
    id: 'cdc_grants',
    title: 'CDC: rights',
    run: async (look, session) => {
      const missing = await missingRights(look, session);
      if (missing.length === 0) return { evidence: 'the position in the log was asked for, and told' };
      const { facts, asking } = session;
      const what = missing.join(', ');
      const remedies = right(asking, what, '*.*', 'What reading the binary log takes, and a snapshot to begin with.');
      throw new StepFailure('CDC_GRANTS', { ...facts, what }, { remedies });
    },
  },
  {
    id: 'cdc_filters',
    title: 'CDC: nothing wanted is left out',
    run: async (look, session) => {
      if (!isOn(look.variables.get('log_bin'))) return { skip: 'cdc_log_bin' };
      const position = await look.position();
      if (position === 'denied') return { skip: 'cdc_grants' };
      if (!position || (position.only === '' && position.except === '')) return { evidence: 'no filters' };
      return filtered(session, position);
    },
  },
];

/** The right to ask for the position is proven by asking; the others are read, for a reader's session proves them. */
async function missingRights(look: Look, session: Session): Promise<string[]> {
  const [reload, replicate, monitor] = captureRights(session.asking.product);
  const grants = await grantsOf(session);
  const missing: (string | undefined)[] = [];
  // A snapshot locks tables for a moment; where RELOAD cannot be had, LOCK TABLES does, also on single databases.
  const locks = grants.some(({ rights }) => rights.some((each) => /^(RELOAD|LOCK TABLES|ALL PRIVILEGES)$/.test(each)));
  if (!locks) missing.push(reload);
  if (!holds(grants, READS_THE_LOG)) missing.push(replicate);
  if ((await look.position()) === 'denied') missing.push(monitor);
  return missing.filter((each) => each !== undefined);
}

const MOST_DATABASES = 50;
const PLAIN = /^[\w-]+$/;

async function filtered(session: Session, { only, except }: LogPosition): Promise<StepOutcome> {
  const rows = await session.query(databases(session.scope, MOST_DATABASES));
  const wanted = rows.map((row) => row['name'] ?? '').filter((name) => name !== '');
  const [included, excluded] = [only, except].map((list) => new Set(list === '' ? [] : list.split(',')));
  const isLogged = (name: string) => (only === '' ? !excluded?.has(name) : included?.has(name) === true);
  const lost = wanted.filter((name) => !isLogged(name));
  const filter = only === '' ? 'binlog_ignore_db' : 'binlog_do_db';
  if (lost.length === 0) return { evidence: `${filter} leaves out none of the databases to read` };
  const what = `${lost
    .slice(0, 5)
    .map((name) => session.clean(name, 64))
    .join(', ')} (${filter})`;
  const facts = { ...session.facts, what };
  const fix = logged(session, filter, lost);
  // Where all are to be read that there are, some may be left out by intent.
  if (session.selected === undefined && lost.length < wanted.length)
    return { warning: { code: 'CDC_BINLOG_FILTERED', facts, ...fix } };
  throw new StepFailure('CDC_BINLOG_FILTERED', facts, fix);
}

/** More databases are let in by a further line; a line that shuts one out has to go. */
function logged({ asking }: Session, filter: string, lost: readonly string[]): ProblemDetails {
  if (!lost.every((name) => PLAIN.test(name))) return {};
  if (filter === 'binlog_do_db')
    return startFix(
      asking,
      'filters',
      lost.map((name) => `binlog_do_db = ${name}`),
    );
  const folder = settingsFolder(asking.product);
  const advice = `Take binlog_ignore_db of ${lost.join(', ')} out of the server's own configuration, and restart.`;
  if (folder === undefined) return { advice };
  const lines = `^[[:space:]]*binlog[-_]ignore[-_]db[[:space:]]*=[[:space:]]*(${lost.join('|')})[[:space:]]*$`;
  return {
    advice: `${advice} The command, run as root on the server, turns these lines of ${folder} into comments.`,
    command: `sed -i -E 's/${lines}/# &/' ${folder}/*.cnf`,
  };
}
