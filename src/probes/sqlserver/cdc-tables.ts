import { StepFailure } from '../problems/index.ts';
import type { CdcCheck } from './cdc-check.ts';
import { qualified } from './names.ts';
import { captureInstances } from './queries.ts';
import { captureTable, joinRole } from './remedies.ts';
import type { Row, Session } from './session.ts';
import { selectedTables, type Table, tablesTracked } from './tables.ts';

const SHOWN = 5;
const MOST_INSTANCES = 2;

/** Checks of tables: the selected ones each by itself, without any selected a few. */
export const cdcTableChecks: readonly CdcCheck[] = [
  {
    id: 'cdc_tables',
    title: 'CDC: tables are captured',
    run: async (_, session) => {
      const missing = await untracked(session);
      if (missing.length === 0) return session.config.tables ? {} : { evidence: 'all that are seen' };
      const facts = { ...session.facts, what: named(session, missing) };
      const listed = session.config.tables ? missing : missing.slice(0, SHOWN);
      const remedies = listed
        .filter(({ namespace, name }) => session.fitForSql([namespace, name]).length === 2)
        .map(({ namespace, name }) => captureTable(session.who, namespace, name));
      const someAre = !session.config.tables && (await tablesTracked(session, true, 1)).length > 0;
      if (someAre) return { warning: { code: 'CDC_TABLE_NOT_TRACKED', facts, remedies } };
      throw new StepFailure('CDC_TABLE_NOT_TRACKED', facts, { remedies });
    },
  },
  {
    id: 'cdc_keys',
    title: 'CDC: primary keys',
    run: async (_, session) => {
      const tables = await lookedAt(session);
      const keyless = tables.filter(({ keyed }) => !keyed);
      if (keyless.length === 0)
        return { evidence: `${tables.length} table${tables.length === 1 ? '' : 's'} looked at` };
      return { warning: { code: 'CDC_NO_PRIMARY_KEY', facts: { ...session.facts, what: named(session, keyless) } } };
    },
  },
  {
    id: 'cdc_instances',
    title: 'CDC: capture instances',
    run: async (row, session) => {
      if (row['enabled'] !== '1' || row['reads_changes'] !== '1') return { skip: 'cdc_access' };
      const tables = (await lookedAt(session)).filter(({ tracked }) => tracked);
      if (tables.length === 0) return { skip: 'cdc_tables' };
      const instances = await session.query(captureInstances(tables.map(({ id }) => id)));
      const roles = gates(row, instances);
      if (roles.length > 0) {
        const facts = { ...session.facts, what: roles.map((role) => session.clean(role, 128)).join(', ') };
        const remedies = session
          .fitForSql(roles)
          .filter((role) => !isFixed(role))
          .map((role) => joinRole(session.who, role));
        const advice =
          'Have the tables captured with a role of their own, or with none (@role_name): such a role is too much.';
        throw new StepFailure('CDC_GATED', facts, { remedies, ...(roles.some(isFixed) ? { advice } : {}) });
      }
      const full = tables.filter(({ id }) => instances.filter((each) => each['id'] === id).length >= MOST_INSTANCES);
      if (full.length === 0) return { evidence: `${instances.length} of at most ${tables.length * MOST_INSTANCES}` };
      return { warning: { code: 'CDC_TWO_INSTANCES', facts: { ...session.facts, what: named(session, full) } } };
    },
  },
];

/** `db_owner` and its like give far more than to read changes: nobody is told to join one. */
const isFixed = (role: string) => /^db_/i.test(role);

/** Roles whose members alone may read, and that the user is not in. Owners of the database need none. */
function gates(row: Row, instances: readonly Row[]): string[] {
  if (row['owner'] === '1') return [];
  return [...new Set(instances.flatMap(({ role, member }) => (role && member !== '1' ? [role] : [])))];
}

/** Tables whose changes are not captured; of all, a few more than are shown. */
async function untracked(session: Session): Promise<Table[]> {
  if (!session.config.tables) return tablesTracked(session, false, SHOWN + 1);
  return (await known(session)).filter(({ tracked }) => !tracked);
}

async function lookedAt(session: Session): Promise<Table[]> {
  return session.config.tables ? known(session) : tablesTracked(session, true, 200);
}

async function known(session: Session): Promise<Table[]> {
  return (await selectedTables(session)).flatMap(({ known: table }) => table ?? []);
}

function named(session: Session, tables: readonly Table[]): string {
  const shown = tables.slice(0, SHOWN).map(({ namespace, name }) => session.clean(qualified(namespace, name), 140));
  return `${shown.join(', ')}${tables.length > SHOWN ? ' and more' : ''}`;
}
