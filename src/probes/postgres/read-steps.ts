import type { StepOutcome, StepSpec } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import type { Catalogue } from './catalogue.ts';
import { mayReadSchemas, mayReadTables } from './remedies.ts';
import type { Row, Session } from './session.ts';
import { relation, type TableName } from './sql.ts';
import { listed } from './tables.ts';

/** From the schemas that are selected to one row read. `begin` starts what later steps will look at. */
export function readSteps(session: Session, catalogue: Catalogue, begin: () => void): StepSpec[] {
  const { facts } = session;
  let table: TableName | undefined;
  const timeout = { code: 'QUERY_TIMEOUT', facts } as const;
  return [
    {
      id: 'schemas',
      title: 'Selected schemas',
      limitMs: 3000,
      timeout,
      run: () => {
        begin();
        return schemas(session, catalogue);
      },
    },
    {
      id: 'tables',
      title: 'Selected tables',
      limitMs: 3000,
      timeout,
      run: () => tables(session, catalogue),
    },
    {
      id: 'list',
      title: 'Tables can be seen',
      limitMs: 4000,
      timeout,
      run: async () => {
        const found = await readable(session, catalogue);
        if (typeof found === 'string') return { skip: found };
        table = found;
        return found ? undefined : await nothingReadable(session, catalogue);
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
        const name = relation(table);
        await session.readOnly(`SELECT 1 FROM ${name} LIMIT 1`, 2500, session.clean(name, 140));
        return { evidence: session.clean(name, 140) };
      },
    },
  ];
}

async function schemas(session: Session, catalogue: Catalogue): Promise<StepOutcome> {
  const { facts } = session;
  if (!session.schemas) return { skip: 'all schemas are selected' };
  const rows = await catalogue.schemas();
  // Only names of ours are spoken of, whatever the server calls them.
  const which = (fits: (row: Row) => boolean) =>
    (session.schemas ?? []).filter((name) => rows.every((row) => row['name'] !== name || fits(row)));
  const missing = which((row) => row['found'] !== 'true');
  if (missing.length > 0) throw new StepFailure('SCHEMA_NOT_FOUND', { ...facts, what: missing.join(', ') });
  const denied = which((row) => row['usable'] !== 'true');
  if (denied.length > 0) {
    const remedies = mayReadSchemas(denied, facts);
    throw new StepFailure('SCHEMA_DENIED', { ...facts, what: denied.join(', ') }, { remedies });
  }
  return { evidence: session.schemas.join(', ') };
}

async function tables(session: Session, catalogue: Catalogue): Promise<StepOutcome> {
  const { facts } = session;
  if (!session.config.tables) return { skip: 'all tables are selected' };
  const selected = await catalogue.tables();
  // Names that are not there are ours.
  const missing = selected.filter(({ found }) => !found).map(({ asked }) => asked);
  const denied = selected.filter(({ found, usable, readable }) => found && !(usable && readable));
  const remedies = mayReadTables(denied, facts);
  if (missing.length > 0)
    throw new StepFailure(
      'TABLE_NOT_FOUND',
      { ...facts, what: missing.slice(0, 5).join(', ') },
      // The rest need not wait until the names are right.
      { remedies: remedies.map((remedy) => ({ ...remedy, actor: 'dba' as const })) },
    );
  if (denied.length > 0)
    throw new StepFailure('TABLE_DENIED', { ...facts, what: listed(session, denied) }, { remedies });
  const inPart = selected.filter((table) => table.inPart);
  if (inPart.length > 0) {
    const remedies = mayReadTables(
      inPart.map((table) => ({ ...table, readable: false })),
      facts,
    );
    return { warning: { code: 'COLUMNS_DENIED', facts: { ...facts, what: listed(session, inPart) }, remedies } };
  }
  const hidden = selected.filter(({ hidesRows }) => hidesRows);
  if (hidden.length > 0)
    return { warning: { code: 'TABLE_ROW_SECURITY', facts: { ...facts, what: listed(session, hidden) } } };
  return { evidence: listed(session, selected) };
}

/** A table to read a row of; a reason to skip, where the selected ones have had their say already. */
async function readable(session: Session, catalogue: Catalogue): Promise<TableName | string | undefined> {
  if (session.config.tables) {
    const selected = await catalogue.tables();
    return selected.find(({ found, usable, readable: may }) => found && usable && may) ?? 'tables';
  }
  const row = await catalogue.readableTable();
  return row && { namespace: row['namespace'] ?? '', name: row['name'] ?? '' };
}

async function nothingReadable(session: Session, catalogue: Catalogue): Promise<StepOutcome> {
  const { facts } = session;
  const denied = (await catalogue.deniedSchemas()).map((row) => row['namespace'] ?? '');
  if (denied.length === 0) return { warning: { code: 'NO_TABLES', facts: { ...facts, what: session.scope } } };
  const names = denied.map((name) => session.clean(name, 63)).join(', ');
  const remedies = mayReadSchemas(session.fitForSql(denied), facts);
  throw new StepFailure('TABLES_DENIED', { ...facts, what: `schema ${names}` }, { remedies });
}
