import type { StepOutcome, StepSpec, StreamPosition } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { grantsOf } from './grants.ts';
import { qualified } from './names.ts';
import { named, nameOf, positionOf } from './positions.ts';
import { holds } from './privileges.ts';
import { tableKinds } from './queries.ts';
import { isBroken, isDenied, isMissing, refusalOf } from './refusals.ts';
import { tableRights } from './remedies.ts';
import type { Session } from './session.ts';

const AT_ONCE = 50;
/** More that cannot be read are not told apart. */
const MOST_REFUSED = 20;

/** The tables that the config names, one by one, and no others. */
export function selectedTableSteps(session: Session): StepSpec[] {
  const timeout = { code: 'QUERY_TIMEOUT', facts: session.facts } as const;
  let there: readonly StreamPosition[] = [];
  return [
    {
      id: 'tables',
      title: 'Selected tables',
      limitMs: 4000,
      timeout,
      run: async () => {
        const { tables } = session;
        if (!tables) return { skip: 'all tables are selected' };
        requireDatabases(session, tables);
        const rows = await session.query(tableKinds(tables));
        // Servers that fold names answer with the folded ones.
        const seen = new Set(rows.map((row) => nameOf(positionOf(row)).toLowerCase()));
        const isSeen = (table: StreamPosition) => seen.has(nameOf(table).toLowerCase());
        there = tables.filter(isSeen);
        const missing = tables.filter((table) => !isSeen(table));
        return missing.length === 0 ? { evidence: counted(there) } : notSeen(session, missing);
      },
    },
    {
      id: 'tables_read',
      title: 'Selected tables can be read',
      limitMs: 4000,
      timeout,
      run: async () => {
        if (!session.tables) return { skip: 'all tables are selected' };
        if (there.length === 0) return { skip: 'tables' };
        const refused = await refusedAmong(session, there);
        session.looked = there.filter((table) => refused.every((each) => each.table !== table));
        return refused.length === 0 ? { evidence: counted(there) } : await denied(session, refused);
      },
    },
  ];
}

function requireDatabases({ facts }: Session, tables: readonly StreamPosition[]): void {
  const [bare] = tables.filter(({ namespace }) => namespace === '');
  const advice = 'Give each table as database.table, or the database in database.';
  if (bare) throw new StepFailure('TABLE_NOT_FOUND', { ...facts, what: bare.name }, { advice });
}

async function notSeen(session: Session, missing: readonly StreamPosition[]): Promise<never> {
  const { facts, asking } = session;
  const grants = await grantsOf(session);
  const what = `the table${missing.length > 1 ? 's' : ''} ${named(session, missing)}`;
  const details = { fields: ['tables'] };
  // Who may read all of a database sees all that there is.
  if (missing.every(({ namespace }) => holds(grants, ['SELECT'], namespace)))
    throw new StepFailure('TABLE_NOT_FOUND', { ...facts, what: named(session, missing) }, details);
  throw new StepFailure(
    'SELECTION_NOT_VISIBLE',
    { ...facts, what },
    { ...details, remedies: tableRights(asking, missing) },
  );
}

interface Refused {
  table: StreamPosition;
  /** The number of the server's refusal to read all of its columns. */
  number: string;
}

/** Those that cannot be read whole: many are asked for at once, and halves of them where the server refuses. */
async function refusedAmong(session: Session, tables: readonly StreamPosition[]): Promise<Refused[]> {
  const found: Refused[] = [];
  const look = async (some: readonly StreamPosition[]): Promise<void> => {
    const [first, ...more] = some;
    if (!first || found.length >= MOST_REFUSED) return;
    const number = await refusalOf(session, some.map(wholeOf).join('\nUNION ALL '));
    if (number === undefined) return;
    if (more.length === 0) found.push({ table: first, number });
    else for (const half of halves(some)) await look(half);
  };
  for (let at = 0; at < tables.length; at += AT_ONCE) await look(tables.slice(at, at + AT_ONCE));
  return found;
}

/** Asks for every column and no row. */
function wholeOf({ namespace, name }: StreamPosition): string {
  return `SELECT 1 FROM (SELECT * FROM ${qualified(namespace, name)} LIMIT 0) AS t`;
}

function halves<T>(all: readonly T[]): [readonly T[], readonly T[]] {
  const middle = Math.ceil(all.length / 2);
  return [all.slice(0, middle), all.slice(middle)];
}

async function denied(session: Session, refused: readonly Refused[]): Promise<StepOutcome> {
  const { facts, asking } = session;
  const gone = refused.filter(({ number }) => isMissing(number)).map(({ table }) => table);
  if (gone.length > 0) throw new StepFailure('TABLE_NOT_FOUND', { ...facts, what: named(session, gone) });
  const closed: StreamPosition[] = [];
  const partly: StreamPosition[] = [];
  for (const { table } of refused) {
    const number = await refusalOf(session, `SELECT 1 FROM ${qualified(table.namespace, table.name)} LIMIT 0`);
    (number === undefined ? partly : closed).push(table);
  }
  // What can be read in part can be looked at.
  session.looked = [...session.looked, ...partly];
  const some = closed.length > 0 ? closed : partly;
  const what = named(session, some);
  const remedies = tableRights(
    asking,
    refused.filter(({ number }) => isDenied(number)).map(({ table }) => table),
  );
  const broken = refused.filter(({ number }) => isBroken(number)).map(({ table }) => table);
  const advice = broken.length > 0 ? { advice: brokenViews(session, broken) } : {};
  if (closed.length > 0) throw new StepFailure('TABLE_DENIED', { ...facts, what }, { remedies, ...advice });
  return { warning: { code: 'COLUMNS_DENIED', facts: { ...facts, what }, remedies } };
}

function brokenViews(session: Session, views: readonly StreamPosition[]): string {
  return (
    `${named(session, views)}: a view that is read by the rights of its definer, who is gone or may not read what it shows ` +
    '(SHOW CREATE VIEW tells who). Have it made anew by an account that may, or with SQL SECURITY INVOKER.'
  );
}

function counted({ length }: readonly unknown[]): string {
  return `${length} table${length === 1 ? '' : 's'}`;
}
