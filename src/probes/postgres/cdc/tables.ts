import type { StepOutcome } from '../../probe.ts';
import { type Remedy, StepFailure } from '../../problems/index.ts';
import { LOOKED_AT } from '../queries.ts';
import type { Row } from '../session.ts';
import { quote, relation, type TableName } from '../sql.ts';
import { listed, type SelectedTable } from '../tables.ts';
import { type Check, type Evidence, isTrue } from './check.ts';

const WHY_NOT: Readonly<Record<string, string>> = {
  v: 'is a view',
  m: 'is a materialized view',
  f: 'is a foreign table',
};

/** Why the changes of a table never reach the WAL. */
export function notCaptured({ kind, persistence }: Pick<SelectedTable, 'kind' | 'persistence'>): string | undefined {
  return WHY_NOT[kind] ?? (persistence === 'u' ? 'is unlogged' : undefined);
}

/** Whether a publication can hold a relation of this kind. */
export function isPublishable(kind: string): boolean {
  return kind === 'r' || kind === 'p';
}

/** What would tell an updated or deleted row from the others is missing. */
export function hasNoIdentity(
  table: Pick<SelectedTable, 'kind' | 'identity' | 'hasPrimaryKey' | 'hasIdentityIndex'>,
): boolean {
  if (!isPublishable(table.kind)) return false;
  if (table.identity === 'd') return !table.hasPrimaryKey;
  return table.identity === 'n' || (table.identity === 'i' && !table.hasIdentityIndex);
}

/** Kinds of tables whose changes can be captured at all. */
export const CAPTURED_CHECK: Check = {
  id: 'cdc_captured',
  title: 'CDC: selected tables are logged',
  run: async ({ session, facts, catalogue }) => {
    if (!session.config.tables) return { skip: 'no tables are selected' };
    const tables = (await catalogue.tables()).filter(({ found }) => found);
    const out = tables.filter((table) => notCaptured(table) !== undefined);
    if (out.length === 0) return { evidence: `${tables.length} of ${session.config.tables.length}` };
    const what = out
      .slice(0, 5)
      .map((table) => `${session.clean(relation(table), 140)}, which ${notCaptured(table)}`)
      .join('; ');
    const remedies = out
      .filter(({ kind }) => !(kind in WHY_NOT))
      .flatMap((table) => (isFit(table, session) ? [logged(table)] : []));
    throw new StepFailure('CDC_NOT_CAPTURED', { ...facts, what }, remedies.length > 0 ? { remedies } : {});
  },
};

function logged(table: SelectedTable): Remedy {
  const name = relation(table);
  return {
    stage: 'table',
    why: `${name} is unlogged. This writes the table anew, and nobody can use it meanwhile.`,
    script: `ALTER TABLE ${name} SET LOGGED;`,
    undo: `ALTER TABLE ${name} SET UNLOGGED;`,
  };
}

/** Keys for updates and deletes: of each selected table, or of a few that may be read where none is selected. */
export const KEYS_CHECK: Check = {
  id: 'cdc_tables',
  title: 'CDC: keys for updates and deletes',
  run: (evidence) => (evidence.session.config.tables ? ofSelected(evidence) : ofAny(evidence)),
};

async function ofSelected({ session, facts, catalogue }: Evidence): Promise<StepOutcome> {
  const tables = (await catalogue.tables()).filter(({ found }) => found);
  const partitions = (await catalogue.keylessPartitions()).map(nameAndIdentity);
  const keyless = [
    ...tables.filter((table) => hasNoIdentity(table) && notCaptured(table) === undefined),
    // Rows are updated in the partition that holds them, and what is set for the whole is not set for it.
    ...partitions.filter(
      (one) => !tables.some(({ namespace, name }) => namespace === one.namespace && name === one.name),
    ),
  ];
  if (keyless.length === 0) return { evidence: `${tables.length} of ${session.config.tables?.length ?? 0}` };
  const remedies = keyless.filter((table) => isFit(table, session)).map((table) => identified(table, session));
  // Once such a table is published, its updates and deletes fail for everybody.
  throw new StepFailure('CDC_REPLICA_IDENTITY', { ...facts, what: listed(session, keyless) }, { remedies });
}

async function ofAny({ session, facts, catalogue }: Evidence): Promise<StepOutcome> {
  const rows = (await catalogue.readableTables()).filter(isKeyless);
  if (rows.length === 0)
    return { evidence: `none without one among the first ${LOOKED_AT}; name tables to have each checked` };
  const tables = rows.map(nameAndIdentity);
  const shown = tables.slice(0, 5);
  const remedies = shown.filter((table) => isFit(table, session)).map((table) => identified(table, session));
  const what = `${listed(session, shown)}${tables.length > 5 ? ' and more' : ''}`;
  return { warning: { code: 'CDC_REPLICA_IDENTITY', facts: { ...facts, what }, remedies } };
}

const nameAndIdentity = (row: Row) => ({
  namespace: row['namespace'] ?? '',
  name: row['name'] ?? '',
  identity: row['identity'] ?? 'd',
});

const isKeyless = (row: Row) => row['identity'] === 'n' || (row['identity'] === 'd' && !isTrue(row, 'has_primary'));

function identified(
  table: TableName & { identity: string; candidateIndex?: string | undefined },
  session: { fitForSql: (names: readonly string[]) => string[] },
): Remedy {
  const name = relation(table);
  const [index] = session.fitForSql([table.candidateIndex ?? '']);
  return {
    stage: 'table',
    why: `${name} has nothing that tells its rows apart when they are updated or deleted. ${
      index === undefined
        ? 'A primary key is better where there can be one: FULL logs whole rows.'
        : 'A unique index does.'
    }`,
    script: `ALTER TABLE ${name} REPLICA IDENTITY ${index === undefined ? 'FULL' : `USING INDEX ${quote(index)}`};`,
    undo: `ALTER TABLE ${name} REPLICA IDENTITY ${table.identity === 'n' ? 'NOTHING' : 'DEFAULT'};`,
  };
}

function isFit(table: TableName, session: { fitForSql: (names: readonly string[]) => string[] }): boolean {
  return session.fitForSql([relation(table)]).length > 0;
}
