import type { StepOutcome } from '../probe.ts';
import type { Remedy } from '../problems/index.ts';
import { captureRights } from './accounts.ts';
import { grantsOf } from './grants.ts';
import { fits, type Grant } from './privileges.ts';
import { accountOf, readingRights } from './remedies.ts';
import type { Session } from './session.ts';

/** What a reader may hold: it changes no data. */
const READING: ReadonlySet<string> = new Set([
  'USAGE',
  'SELECT',
  'SHOW VIEW',
  'SHOW DATABASES',
  'SHOW_ROUTINE',
  'SHOW CREATE ROUTINE',
  'PROCESS',
  'LOCK TABLES',
  'CREATE TEMPORARY TABLES',
  'RELOAD',
  'FLUSH_TABLES',
  'FLUSH_STATUS',
  'FLUSH_OPTIMIZER_COSTS',
  'FLUSH_USER_RESOURCES',
  'BACKUP_ADMIN',
  'REPLICATION CLIENT',
  'REPLICATION SLAVE',
  'BINLOG MONITOR',
  'SLAVE MONITOR',
  'REPLICA MONITOR',
]);
const EVERYTHING = 'ALL PRIVILEGES';

interface Excess {
  grant: Grant;
  rights: readonly string[];
}

/** Rights to change anything, on what is read or on everything. */
export async function overprivilege(session: Session): Promise<StepOutcome> {
  const excesses = (await grantsOf(session)).filter((grant) => matters(session, grant)).flatMap(excessOf);
  if (excesses.length === 0) return { evidence: 'reading only' };
  const what = excesses
    .map(
      ({ grant, rights }) => `${rights.slice(0, 6).join(', ')}${rights.length > 6 ? ' and more' : ''} on ${grant.on}`,
    )
    .slice(0, 3)
    .join('; ');
  const remedies = excesses.flatMap((excess) => lessened(session, excess));
  return {
    warning: { code: 'ROLE_TOO_POWERFUL', facts: { ...session.facts, what: session.clean(what, 300) }, remedies },
  };
}

/** Rights on other databases than the selected ones are none of ours. */
function matters({ scope }: Session, grant: Grant): boolean {
  return scope === undefined || scope.some((database) => fits(grant, database));
}

function excessOf(grant: Grant): Excess[] {
  const beyond = grant.rights.filter((right) => !READING.has(right.replace(/\s*\(.*$/s, '').toUpperCase()));
  const rights = grant.handsOn ? [...beyond, 'GRANT OPTION'] : beyond;
  return rights.length === 0 ? [] : [{ grant, rights }];
}

const NAME = '`(?:[^`]|``)+`';
const OBJECT = new RegExp(`^(?:\\*\\.\\*|${NAME}\\.(?:\\*|${NAME}))$`);
const RIGHT = new RegExp(`^[A-Z][A-Z_ ]*(?:\\((?:${NAME}|[\\w$]+)(?:, ?(?:${NAME}|[\\w$]+))*\\))?$`);

/** The server's own words go back into SQL for a person: only where they can be nothing else than what they should be. */
function isFitForSql(session: Session, on: string, rights: readonly string[]): boolean {
  const whole = `${on}${rights.join()}`;
  return OBJECT.test(on) && rights.every((right) => RIGHT.test(right)) && session.clean(whole, 2000) === whole;
}

/** Takes from the account itself what it has too much of; of a role others may need it. */
function lessened(session: Session, { grant, rights }: Excess): Remedy[] {
  const { asking } = session;
  const account = accountOf(asking);
  if (account === undefined || !isOwn(grant, account) || !isFitForSql(session, grant.on, rights)) return [];
  const { on, handsOn } = grant;
  const give = (what: readonly string[], where = on) => `GRANT ${what.join(', ')} ON ${where} TO ${account};`;
  const revoke = (what: string) => `REVOKE ${what} ON ${on} FROM ${account};`;
  const isAll = rights.includes(EVERYTHING);
  const taken = isAll
    ? [revoke(EVERYTHING), ...(handsOn ? [revoke('GRANT OPTION')] : []), ...kept(session, on, give)]
    : [revoke(rights.join(', '))];
  // Where nothing at all is held on a thing, nothing can be taken a second time.
  const isEmptied = on !== '*.*' && (isAll || grant.rights.every((right) => rights.includes(right)));
  const back = rights.filter((right) => right !== 'GRANT OPTION');
  return [
    {
      stage: 'right',
      why: 'Reading takes none of this.',
      script: [...(isEmptied ? [give(['SELECT'])] : []), ...taken].join('\n'),
      undo: give(back.length > 0 ? back : ['USAGE']).replace(/;$/, handsOn ? ' WITH GRANT OPTION;' : ';'),
    },
  ];
}

/** What stays of everything. */
function kept(
  { asking, selected }: Session,
  on: string,
  give: (what: readonly string[], where?: string) => string,
): string[] {
  if (on !== '*.*') return [give(['SELECT'])];
  const reading = selected ? readingRights(asking, selected).map(({ script }) => script) : [give(['SELECT'])];
  return asking.wanted.cdc ? [...reading, give(captureRights(asking.product))] : reading;
}

function isOwn({ to }: Grant, account: string): boolean {
  return to.replaceAll(/^['"]|['"]$|(?<=@)['"]|['"](?=@)/g, '`') === account;
}
