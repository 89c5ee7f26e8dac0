import type { StepOutcome, StepSpec, StreamPosition } from '../probe.ts';
import { type Remedy, StepFailure } from '../problems/index.ts';
import { qualified } from './names.ts';
import { privileges } from './privileges.ts';
import { READS_DATABASE, readable, schemasNamed, seenSchemas } from './queries.ts';
import { readRights, readTable } from './remedies.ts';
import type { Session } from './session.ts';
import { type SelectedTable, selectedTables } from './tables.ts';

const TABLES_SHOWN = 5;

/** The selected schemas and tables, one row of one, and whether the user is more than a reader. */
export function readSteps(session: Session): StepSpec[] {
  const timeout = { code: 'QUERY_TIMEOUT', facts: session.facts } as const;
  let table: StreamPosition | undefined;
  return [
    { id: 'schemas', title: 'Selected schemas', limitMs: 3000, timeout, run: () => schemas(session) },
    { id: 'tables', title: 'Selected tables', limitMs: 3000, timeout, run: () => tables(session) },
    {
      id: 'list',
      title: 'Tables can be seen',
      limitMs: 4000,
      timeout,
      run: async () => {
        table = await anyReadable(session);
        return table ? undefined : nothingReadable(session);
      },
    },
    {
      id: 'read',
      title: 'One row can be read',
      depth: 'read',
      limitMs: 3000,
      timeout,
      run: async () => {
        if (!table) return { skip: 'list' };
        const name = qualified(table.namespace, table.name);
        const what = session.clean(name, 140);
        await session.query(`SELECT TOP (1) CAST(1 AS nvarchar(1)) AS one FROM ${name}`, {
          code: 'READ_FAILED',
          facts: { ...session.facts, what },
        });
        return { evidence: what };
      },
    },
    { id: 'privileges', title: 'No more rights than needed', limitMs: 2000, timeout, run: () => privileges(session) },
  ];
}

async function schemas(session: Session): Promise<StepOutcome> {
  const { schemas: wanted, facts, who } = session;
  if (!wanted) return { skip: 'all schemas are selected' };
  const rows = await session.query(schemasNamed(wanted));
  const missing = wanted.filter((name) => rows.every((row) => row['name'] !== name || row['id'] === null));
  if (missing.length === 0) return { evidence: wanted.join(', ') };
  const what = `the schema${missing.length > 1 ? 's' : ''} ${missing.join(', ')}`;
  throw new StepFailure(
    'SELECTION_NOT_VISIBLE',
    { ...facts, what },
    { remedies: readRights({ ...who, schemas: missing }) },
  );
}

async function tables(session: Session): Promise<StepOutcome> {
  if (!session.config.tables) return { skip: 'all tables are selected' };
  const found = await selectedTables(session);
  const closed = found.filter(({ readable: may }) => !may);
  if (closed.length === 0) return { evidence: `${found.length} table${found.length > 1 ? 's' : ''}` };
  const remedies = closed.flatMap((each): Remedy[] => {
    const { namespace, name } = each.known ?? each.asked;
    return session.fitForSql([namespace, name]).length < 2 ? [] : [readTable(session.who, namespace, name)];
  });
  const unseen = closed.filter(({ known }) => !known);
  const facts = { ...session.facts, what: named(unseen.length > 0 ? unseen : closed) };
  const code = unseen.length > 0 ? 'SELECTION_NOT_VISIBLE' : 'TABLES_DENIED';
  throw new StepFailure(code, facts, { remedies, fields: unseen.length > 0 ? ['tables'] : ['tables', 'username'] });
}

/** Selected names are ours, whatever the server calls them. */
function named(found: readonly SelectedTable[]): string {
  const shown = found.slice(0, TABLES_SHOWN).map(({ whole }) => whole);
  return `${found.length > 1 ? 'the tables' : 'the table'} ${shown.join(', ')}${found.length > TABLES_SHOWN ? ' and more' : ''}`;
}

async function anyReadable(session: Session): Promise<StreamPosition | undefined> {
  for (const kind of ['U', 'V'] as const) {
    const [row] = await session.query(readable(session.schemas, kind));
    if (row) return { namespace: row['namespace'] ?? '', name: row['name'] ?? '' };
  }
  return undefined;
}

/** What may not be read is not even seen, unless all of a schema or of the database may be. */
async function nothingReadable(session: Session): Promise<StepOutcome> {
  const { facts, who, schemas: wanted } = session;
  const seen = (await session.query(seenSchemas(wanted))).map((row) => row['name'] ?? '');
  const rows = await session.query(wanted ? schemasNamed(wanted) : READS_DATABASE);
  const mayReadAll = rows.length > 0 && rows.every((row) => row['readable'] === '1');
  if (seen.length === 0 && mayReadAll)
    return { warning: { code: 'NO_TABLES', facts: { ...facts, what: session.scope } } };
  const remedies = readRights({ ...who, schemas: wanted ?? (seen.length > 0 ? session.fitForSql(seen) : undefined) });
  if (seen.length > 0) {
    const what = `schema ${seen.map((name) => session.clean(name, 128)).join(', ')}`;
    throw new StepFailure('TABLES_DENIED', { ...facts, what }, { remedies });
  }
  throw new StepFailure('SELECTION_NOT_VISIBLE', { ...facts, what: `any table in ${session.scope}` }, { remedies });
}
