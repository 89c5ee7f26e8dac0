import type { StepOutcome, StepSpec } from '../probe.ts';
import { type Facts, StepFailure } from '../problems/index.ts';
import { quote } from './errors.ts';
import { CDC_FACTS, CDC_TABLES } from './queries.ts';
import type { Row, Session } from './session.ts';

interface Check {
  id: string;
  title: string;
  run: (row: Row, facts: Facts, session: Session) => StepOutcome | Promise<StepOutcome>;
}

const LONG_TRANSACTION_S = 30 * 60;

/** Whether the server is fit for change data capture. Every check only reads; what is missing is handed out as SQL. */
const CHECKS: readonly Check[] = [
  {
    id: 'cdc_wal_level',
    title: 'CDC: wal_level',
    run: (row, facts) => {
      const level = row['wal_level'] ?? 'unknown';
      if (level === 'logical') return { evidence: level };
      const sql = '-- needs a restart of the server\nALTER SYSTEM SET wal_level = logical;';
      throw new StepFailure('CDC_WAL_LEVEL', { ...facts, what: level }, { evidence: level, sql });
    },
  },
  {
    id: 'cdc_role',
    title: 'CDC: replication right',
    run: (row, facts) => {
      if (row['replicates'] === 'true' || row['managed_replicates'] === 'true') return {};
      throw new StepFailure('CDC_ROLE', facts, { sql: `ALTER ROLE ${quote(facts.username ?? '')} REPLICATION;` });
    },
  },
  {
    id: 'cdc_slots',
    title: 'CDC: free slots and senders',
    run: (row, facts) => {
      const [slots, slotsUsed, senders, sendersUsed] = ['slots', 'slots_used', 'senders', 'senders_used'].map((name) =>
        Number(row[name]),
      );
      const evidence = `${slotsUsed} of ${slots} slots and ${sendersUsed} of ${senders} senders in use`;
      if (Number(slotsUsed) < Number(slots) && Number(sendersUsed) < Number(senders)) return { evidence };
      throw new StepFailure('CDC_NO_FREE_SLOT', { ...facts, what: evidence }, { evidence });
    },
  },
  {
    id: 'cdc_standby',
    title: 'CDC: primary server',
    run: (row, facts) => {
      if (row['standby'] !== 'true') return { evidence: 'primary' };
      if (Number(row['version']) >= 160_000) return { evidence: 'standby that can decode (16 or newer)' };
      throw new StepFailure('CDC_STANDBY', facts);
    },
  },
  {
    id: 'cdc_tables',
    title: 'CDC: keys for updates and deletes',
    run: async (_, facts, session) => {
      const rows = await session.raw(CDC_TABLES, [session.schemas]);
      if (rows.length === 0) return {};
      const names = rows.map((row) => `${quote(row['namespace'] ?? '')}.${quote(row['name'] ?? '')}`);
      const shown = names
        .slice(0, 5)
        .map((name) => session.clean(name, 140))
        .join(', ');
      const what = rows.length > 5 ? `${shown} and more` : shown;
      const sql = session
        .fitForSql(names.slice(0, 5))
        .map((name) => `ALTER TABLE ${name} REPLICA IDENTITY FULL;`)
        .join('\n');
      return { warning: { code: 'CDC_REPLICA_IDENTITY', facts: { ...facts, what }, ...(sql === '' ? {} : { sql }) } };
    },
  },
  {
    id: 'cdc_transactions',
    title: 'CDC: no long transaction',
    run: (row, facts) => {
      if (row['sees_transactions'] !== 'true')
        return { skip: 'without pg_read_all_stats only our own sessions can be seen' };
      const seconds = Number(row['oldest_transaction_s'] ?? 0);
      if (seconds < LONG_TRANSACTION_S) return {};
      return {
        warning: { code: 'CDC_LONG_TRANSACTION', facts: { ...facts, what: `${Math.round(seconds / 60)} minutes` } },
      };
    },
  },
  {
    id: 'cdc_wal_keep',
    title: 'CDC: bounded WAL',
    run: (row, facts) => {
      const keep = row['wal_keep'];
      if (keep === null || keep === undefined) return { skip: 'this version cannot bound it' };
      if (keep !== '-1') return { evidence: `max_slot_wal_keep_size ${keep}` };
      return { warning: { code: 'CDC_UNBOUNDED_WAL', facts } };
    },
  },
];

export function cdcSteps(session: Session): StepSpec[] {
  const { facts } = session;
  let row: Row | undefined;
  return CHECKS.map(({ id, title, run }) => ({
    id,
    title,
    depth: 'cdc',
    limitMs: 3000,
    timeout: { code: 'QUERY_TIMEOUT', facts },
    run: async () => {
      row ??= (await session.query(CDC_FACTS))[0] ?? {};
      return run(row, facts, session);
    },
  }));
}
