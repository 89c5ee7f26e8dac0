import type { StepOutcome, StepSpec, StreamPosition } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { qualified } from './names.ts';
import { FEW_TABLES, nameOf, positionOf } from './positions.ts';
import { databases, someTables, tableKinds } from './queries.ts';
import { isMissing, refusalOf } from './refusals.ts';
import { readingRights } from './remedies.ts';
import { selectedTableSteps } from './selected-tables.ts';
import type { Session } from './session.ts';

const FEW_DATABASES = 5;
/** The selected databases, the tables in them, and one row of one. */
export function readSteps(session: Session): StepSpec[] {
  const { facts } = session;
  const timeout = { code: 'QUERY_TIMEOUT', facts } as const;
  let table: StreamPosition | undefined;
  return [
    {
      id: 'schemas',
      title: 'Selected databases',
      limitMs: 3000,
      timeout,
      run: () => selected(session),
    },
    ...selectedTableSteps(session),
    {
      id: 'list',
      title: 'Tables can be seen',
      limitMs: 4000,
      timeout,
      run: async () => {
        if (session.tables) return { skip: 'the selected tables are looked at instead' };
        if (session.scope?.length === 0) return { skip: 'schemas' };
        const tables = (await session.query(someTables(session.scope, FEW_TABLES))).map(positionOf);
        session.looked = tables;
        table = await readable(session, tables);
        if (table) return undefined;
        return tables.length > 0 ? denied(session, namespacesOf(tables)) : nothingSeen(session);
      },
    },
    {
      id: 'read',
      title: 'One row can be read',
      depth: 'read',
      limitMs: 3000,
      timeout,
      run: async () => {
        if (session.tables) [table] = session.looked;
        if (!table) return { skip: session.tables ? 'tables_read' : 'list' };
        const name = qualified(table.namespace, table.name);
        await session.readOnly(`SELECT 1 FROM ${name} LIMIT 1`, 2500, session.clean(name, 140));
        return { evidence: session.clean(name, 140) };
      },
    },
  ];
}

async function selected(session: Session): Promise<StepOutcome> {
  const wanted = session.config.databases;
  if (!wanted)
    return { skip: session.config.database === undefined ? 'all databases are selected' : 'one is selected' };
  const rows = await session.query(databases(wanted, wanted.length * 2));
  const seen = new Set(rows.map((row) => row['name']));
  session.visible = wanted.filter((name) => seen.has(name));
  const missing = wanted.filter((name) => !seen.has(name));
  if (missing.length === 0) return { evidence: wanted.join(', ') };
  const what = `the database${missing.length > 1 ? 's' : ''} ${missing.join(', ')}`;
  throw new StepFailure(
    'SELECTION_NOT_VISIBLE',
    { ...session.facts, what },
    { remedies: readingRights(session.asking, missing) },
  );
}

/** The first table that may be read. Tables come first: a view can be slow. */
async function readable(session: Session, tables: readonly StreamPosition[]): Promise<StreamPosition | undefined> {
  if (tables.length === 0) return undefined;
  const kinds = await session.query(tableKinds(tables));
  const views = new Set(kinds.filter((row) => row['kind'] !== 'BASE TABLE').map((row) => nameOf(positionOf(row))));
  const isView = (table: StreamPosition) => Number(views.has(nameOf(table)));
  for (const table of [...tables].sort((a, b) => isView(a) - isView(b))) {
    if (await mayRead(session, table)) return table;
  }
  return undefined;
}

async function mayRead(session: Session, { namespace, name }: StreamPosition): Promise<boolean> {
  return (await refusalOf(session, `SELECT 1 FROM ${qualified(namespace, name)} LIMIT 0`)) === undefined;
}

/** No table is shown of databases without rights; a name that no table has tells them from empty ones. */
async function nothingSeen(session: Session): Promise<StepOutcome> {
  const rows = await session.query(databases(session.scope, FEW_DATABASES));
  const names = rows.map((row) => row['name'] ?? '');
  const closed: string[] = [];
  for (const name of names) {
    const refusal = await refusalOf(session, `SELECT 1 FROM ${qualified(name, 'headwater_no_such_table')} LIMIT 0`);
    if (!isMissing(refusal)) closed.push(name);
  }
  if (names.length > 0 && closed.length === 0) {
    return { warning: { code: 'NO_TABLES', facts: { ...session.facts, what: scopeOf(names) } } };
  }
  return denied(session, closed.length > 0 ? closed : (session.scope ?? []));
}

function denied(session: Session, names: readonly string[]): never {
  const what = names.length > 0 ? scopeOf(names.map((name) => session.clean(name, 64))) : 'any database';
  throw new StepFailure(
    'TABLES_DENIED',
    { ...session.facts, what },
    { remedies: readingRights(session.asking, names) },
  );
}

function scopeOf(names: readonly string[]): string {
  return `the database${names.length > 1 ? 's' : ''} ${names.join(', ')}`;
}

function namespacesOf(tables: readonly StreamPosition[]): string[] {
  return [...new Set(tables.map(({ namespace }) => namespace))];
}
