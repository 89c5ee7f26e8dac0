import { type Remedy, StepFailure } from '../../problems/index.ts';
import type { Row } from '../session.ts';
import { literal, onlyIf, quote, relation } from '../sql.ts';
import { listed, type SelectedTable } from '../tables.ts';
import { type Check, type Evidence, isTrue } from './check.ts';
import { isPublishable } from './tables.ts';

/** The publication that is named: there or creatable, with the selected tables, and with every kind of change. */
export const PUBLICATION_CHECK: Check = {
  id: 'cdc_publication',
  title: 'CDC: publication',
  run: async (evidence) => {
    const { session, facts, catalogue } = evidence;
    const { publication: name } = session.config;
    if (name === undefined) return { skip: 'publication is not given' };
    const row = await catalogue.publication();
    // What no publication takes has been told by the step before.
    const tables = (await catalogue.tables()).filter(({ found, kind }) => found && isPublishable(kind));
    if (row['name'] === null) return missing(name, tables, row, evidence);
    const members = new Set((row['members'] ?? '').split(','));
    const asked = session.config.tables ?? [];
    const outside = tables.filter((table) => !members.has(String(asked.indexOf(table.asked))));
    if (outside.length > 0) {
      const remedies = fitting(outside, evidence).map((table) => added(name, table));
      throw new StepFailure('CDC_PUBLICATION_TABLES', { ...facts, what: listed(session, outside) }, { remedies });
    }
    const kinds = ['insert', 'update', 'delete'].map((kind) => [kind, isTrue(row, `${kind}s`)] as const);
    const off = kinds.filter(([, isOn]) => !isOn).map(([kind]) => `${kind}s`);
    if (off.length > 0) {
      const remedies = [
        publishing(
          name,
          kinds.filter(([, isOn]) => isOn).map(([kind]) => kind),
        ),
      ];
      return { warning: { code: 'CDC_PUBLICATION_PARTIAL', facts: { ...facts, what: off.join(', ') }, remedies } };
    }
    return { evidence: isTrue(row, 'all_tables') ? `${name}, all tables` : name };
  },
};

function missing(name: string, tables: readonly SelectedTable[], publication: Row, evidence: Evidence) {
  const { row, facts } = evidence;
  const isSuper = isTrue(row, 'super');
  const isOwn = tables.length > 0 && tables.every(({ owned }) => owned);
  if (isTrue(publication, 'may_publish') && (isOwn || isSuper))
    return { evidence: `${name} is not there yet: ${facts.username} may create it` };
  throw new StepFailure(
    'CDC_PUBLICATION_MISSING',
    { ...facts, what: name },
    { remedies: [created(name, evidence, tables)] },
  );
}

/** For exactly what is selected. */
function created(name: string, evidence: Evidence, tables: readonly SelectedTable[]): Remedy {
  const { session, facts } = evidence;
  const { schemas, tables: asked } = session.config;
  const named = fitting(tables, evidence);
  const bySchema = schemas && session.version >= 150_000;
  const what = asked
    ? named.length > 0
      ? ` FOR TABLE ${named.map(relation).join(', ')}`
      : ''
    : bySchema
      ? ` FOR TABLES IN SCHEMA ${schemas.map(quote).join(', ')}`
      : ' FOR ALL TABLES';
  const root = named.some(({ kind }) => kind === 'p') ? ' WITH (publish_via_partition_root = true)' : '';
  return {
    stage: 'table',
    why: `Changes come through the publication ${name}, and it is not there; in the database ${facts.database}.`,
    script: onlyIf(
      `NOT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = ${literal(name)})`,
      `CREATE PUBLICATION ${quote(name)}${what}${root};`,
    ),
    undo: `DROP PUBLICATION IF EXISTS ${quote(name)};`,
  };
}

function added(name: string, table: SelectedTable): Remedy {
  const target = relation(table);
  return {
    stage: 'table',
    why: `The publication ${name} does not hold ${target}.`,
    script: onlyIf(
      `NOT EXISTS (SELECT FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid WHERE p.pubname = ${literal(name)} AND r.prrelid = ${literal(target)}::regclass)`,
      `ALTER PUBLICATION ${quote(name)} ADD TABLE ${target};`,
    ),
    undo: `ALTER PUBLICATION ${quote(name)} DROP TABLE ${target};`,
  };
}

function publishing(name: string, before: readonly string[]): Remedy {
  return {
    stage: 'table',
    why: `The publication ${name} leaves changes out.`,
    script: `ALTER PUBLICATION ${quote(name)} SET (publish = 'insert, update, delete, truncate');`,
    undo: `ALTER PUBLICATION ${quote(name)} SET (publish = '${before.join(', ')}');`,
  };
}

/** Those whose names may stand in SQL for a person. */
function fitting(tables: readonly SelectedTable[], { session }: Evidence): SelectedTable[] {
  return tables.filter((table) => session.fitForSql([relation(table)]).length > 0);
}
