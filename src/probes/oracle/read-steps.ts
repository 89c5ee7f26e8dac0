import type { StepOutcome, StepSpec, StreamPosition } from '../probe.ts';
import { type Remedy, StepFailure } from '../problems/index.ts';
import { PRIVILEGES, schemasNamed, someTables } from './queries.ts';
import { qualified, readTable } from './remedies.ts';
import type { Session } from './session.ts';
import { positionOf, selectedTables } from './tables.ts';

const FEW = 10;
const SOON_DAYS = 14;
/** No such table, or no right on it: the server does not say which. */
const NOT_THERE: ReadonlySet<string | undefined> = new Set(['ORA-00942', 'ORA-01031', 'ORA-41900']);

/** The selected schemas and tables, one row of one, and whether the user is more than a reader. */
export function readSteps(session: Session): StepSpec[] {
  const timeout = { code: 'QUERY_TIMEOUT', facts: session.facts } as const;
  let tables: StreamPosition[] = [];
  return [
    { id: 'schemas', title: 'Selected schemas', limitMs: 3000, timeout, run: () => schemas(session) },
    { id: 'tables', title: 'Selected tables', limitMs: 4000, timeout, run: () => selected(session) },
    {
      id: 'list',
      title: 'Tables can be seen',
      limitMs: 4000,
      timeout,
      run: async () => {
        tables = (await session.query(someTables(session.config.schemas, FEW), session.config.schemas)).map(positionOf);
        if (tables.length > 0) return undefined;
        const what = session.config.schemas ? `schema ${session.config.schemas.join(', ')}` : 'any schema';
        throw new StepFailure('SELECTION_NOT_VISIBLE', { ...session.facts, what: `any table in ${what}` });
      },
    },
    {
      id: 'read',
      title: 'One row can be read',
      depth: 'read',
      limitMs: 4000,
      timeout,
      run: () => (tables.length > 0 ? oneRow(session, tables) : { skip: 'list' }),
    },
    { id: 'privileges', title: 'No more rights than needed', limitMs: 2000, timeout, run: () => privileges(session) },
  ];
}

async function schemas(session: Session): Promise<StepOutcome> {
  const { schemas: wanted } = session.config;
  if (!wanted) return { skip: 'all schemas are selected' };
  const found = (await session.query(schemasNamed(wanted.length), wanted)).map((row) => row['name']);
  const missing = wanted.filter((name) => !found.includes(name));
  if (missing.length === 0) return { evidence: wanted.join(', ') };
  const capitals = missing.some((name) => name !== name.toUpperCase());
  throw new StepFailure(
    'SCHEMA_NOT_FOUND',
    { ...session.facts, what: missing.join(', ') },
    capitals ? { advice: `Write it as Oracle does, mostly in capitals: ${missing.join(', ').toUpperCase()}.` } : {},
  );
}

async function selected(session: Session): Promise<StepOutcome> {
  if (!session.config.tables) return { skip: 'all tables are selected' };
  const found = await selectedTables(session);
  const missing = found.filter(({ known }) => !known);
  if (missing.length === 0) return { evidence: `${found.length} table${found.length > 1 ? 's' : ''}` };
  const what = `the table${missing.length > 1 ? 's' : ''} ${missing
    .map(({ whole }) => whole)
    .slice(0, 5)
    .join(', ')}`;
  const remedies = missing.flatMap(({ asked }): Remedy[] =>
    session.fitForSql([asked.namespace, asked.name]).length < 2
      ? []
      : [readTable(session.who, asked.namespace, asked.name)],
  );
  throw new StepFailure('SELECTION_NOT_VISIBLE', { ...session.facts, what }, { remedies, fields: ['tables'] });
}

/** A right on a table need not be the one to read it. */
async function oneRow(session: Session, tables: readonly StreamPosition[]): Promise<StepOutcome> {
  for (const { namespace, name } of tables) {
    const table = qualified(namespace, name);
    const what = session.clean(table, 280);
    try {
      const facts = { ...session.facts, what };
      await session.query(`SELECT '1' AS one FROM ${table} FETCH FIRST 1 ROWS ONLY`, [], {
        code: 'READ_FAILED',
        facts,
      });
      return { evidence: what };
    } catch (error) {
      if (!(error instanceof StepFailure) || !NOT_THERE.has(error.problem.driver_code)) throw error;
    }
  }
  const names = tables.map(({ namespace, name }) => session.clean(qualified(namespace, name), 280));
  throw new StepFailure('TABLES_DENIED', { ...session.facts, what: names.slice(0, 5).join(', ') });
}

async function privileges(session: Session): Promise<StepOutcome> {
  const { facts } = session;
  const [row] = await session.query(PRIVILEGES);
  const days = row?.['days'] == null ? Number.NaN : Number(row['days']);
  if (days <= SOON_DAYS) {
    const what = `expires ${days < 1 ? 'today' : `in ${days} day${days === 1 ? '' : 's'}`}`;
    return { warning: { code: 'ROLE_EXPIRES', facts: { ...facts, what } } };
  }
  const more = row?.['dba']
    ? `the role ${session.clean(row['dba'], 40)}`
    : row?.['writes'] && `${session.clean(row['writes'], 40)}`;
  return more ? { warning: { code: 'ROLE_TOO_POWERFUL', facts: { ...facts, what: more } } } : {};
}
