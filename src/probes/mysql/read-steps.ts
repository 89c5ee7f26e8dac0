import type { StepOutcome, StepSpec, StreamPosition } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { accountOf, grant } from './errors.ts';
import { qualified } from './names.ts';
import { databases, someTables, tableKinds } from './queries.ts';
import type { Row, Session } from './session.ts';

/** Enough to find one that may be read, where some may. */
const FEW = 20;
const FEW_DATABASES = 5;
const NO_SUCH_TABLE = '1146';
/** Refused, by right on the table or on its columns, or a view whose maker has lost it. */
const DENIED: ReadonlySet<string | undefined> = new Set(['1142', '1143', '1356', '1449']);

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
    {
      id: 'list',
      title: 'Tables can be seen',
      limitMs: 4000,
      timeout,
      run: async () => {
        if (session.scope?.length === 0) return { skip: 'schemas' };
        const tables = (await session.query(someTables(session.scope, FEW))).map(positionOf);
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
        if (!table) return { skip: 'list' };
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
  throw new StepFailure('SELECTION_NOT_VISIBLE', { ...session.facts, what }, { sql: grants(session, missing) });
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
  return (await refusalOf(session, namespace, name)) === undefined;
}

/** The number of the server's refusal to read a table, where rights or the table are lacking. */
async function refusalOf(session: Session, namespace: string, name: string): Promise<string | undefined> {
  try {
    await session.query(`SELECT 1 FROM ${qualified(namespace, name)} LIMIT 0`);
    return undefined;
  } catch (error) {
    const number = error instanceof StepFailure ? error.problem.driver_code : undefined;
    if (number === NO_SUCH_TABLE || DENIED.has(number)) return number;
    throw error;
  }
}

/** No table is shown of databases without rights; a name that no table has tells them from empty ones. */
async function nothingSeen(session: Session): Promise<StepOutcome> {
  const rows = await session.query(databases(session.scope, FEW_DATABASES));
  const names = rows.map((row) => row['name'] ?? '');
  const closed: string[] = [];
  for (const name of names) {
    if ((await refusalOf(session, name, 'headwater_no_such_table')) !== NO_SUCH_TABLE) closed.push(name);
  }
  if (names.length > 0 && closed.length === 0) {
    return { warning: { code: 'NO_TABLES', facts: { ...session.facts, what: scopeOf(names) } } };
  }
  return denied(session, closed.length > 0 ? closed : (session.scope ?? []));
}

function denied(session: Session, names: readonly string[]): never {
  const what = names.length > 0 ? scopeOf(names.map((name) => session.clean(name, 64))) : 'any database';
  const sql = grants(session, names.length > 0 ? names : ['the_database']);
  throw new StepFailure('TABLES_DENIED', { ...session.facts, what }, { sql });
}

function grants(session: Session, names: readonly string[]): string {
  const account = accountOf({ account: session.server?.account, facts: session.facts });
  return names.map((name) => grant(session.clean(name, 64), account)).join('\n');
}

function scopeOf(names: readonly string[]): string {
  return `the database${names.length > 1 ? 's' : ''} ${names.join(', ')}`;
}

function namespacesOf(tables: readonly StreamPosition[]): string[] {
  return [...new Set(tables.map(({ namespace }) => namespace))];
}

export function positionOf(row: Row): StreamPosition {
  return { namespace: row['namespace'] ?? '', name: row['name'] ?? '' };
}

/** One text for a table's two names, which may hold dots. */
export function nameOf({ namespace, name }: StreamPosition): string {
  return qualified(namespace, name);
}
