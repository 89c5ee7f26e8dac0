import type { StepOutcome } from '../../probe.ts';
import type { Remedy } from '../../problems/index.ts';
import { isFit } from '../accounts.ts';
import type { IndexedTable } from '../catalogue.ts';
import { FEW_TABLES, named, nameOf } from '../positions.ts';
import type { Session } from '../session.ts';
import type { Check } from './look.ts';

/** The selected tables, or a few. */
export const TABLE_CHECKS: readonly Check[] = [
  {
    id: 'cdc_keys',
    title: 'CDC: primary keys',
    run: async (look, session) => {
      const tables = await look.tables();
      const keyless = tables.filter(({ indexes }) => !indexes.some(({ unique, nullable }) => unique && !nullable));
      if (keyless.length === 0) return lookedAt(session, tables);
      return { warning: { code: 'CDC_NO_PRIMARY_KEY', facts: { ...session.facts, what: named(session, keyless) } } };
    },
  },
  {
    id: 'cdc_engines',
    title: 'CDC: engines with transactions',
    run: async (look, session) => {
      const tables = await look.tables();
      const others = tables.filter(({ engine }) => WITHOUT_TRANSACTIONS.has(engine.toLowerCase()));
      if (others.length === 0) return lookedAt(session, tables);
      const facts = { ...session.facts, what: named(session, others) };
      return {
        warning: { code: 'CDC_NOT_TRANSACTIONAL', facts, remedies: others.flatMap((table) => turned(session, table)) },
      };
    },
  },
];

const WITHOUT_TRANSACTIONS: ReadonlySet<string> = new Set(['myisam', 'aria', 'memory', 'csv', 'archive', 'merge']);

function turned({ asking }: Session, table: IndexedTable): Remedy[] {
  const { namespace, name, engine } = table;
  if (!isFit(asking, [namespace, name, engine])) return [];
  const change = (to: string) => `ALTER TABLE ${nameOf(table)} ENGINE = ${to};`;
  const why = 'A snapshot of a table without transactions is not consistent. The table is copied: choose a quiet hour.';
  return [{ stage: 'table', why, script: change('InnoDB'), undo: change(engine) }];
}

function lookedAt({ tables: selected, looked }: Session, { length }: readonly IndexedTable[]): StepOutcome {
  const some = selected || looked.length < FEW_TABLES ? '' : 'the first ';
  return { evidence: `${some}${length} table${length === 1 ? '' : 's'} looked at` };
}
