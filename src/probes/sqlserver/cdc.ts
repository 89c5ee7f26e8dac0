import type { StepOutcome, StepSpec } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import type { CdcCheck } from './cdc-check.ts';
import { cdcTableChecks } from './cdc-tables.ts';
import { withoutCapture } from './editions.ts';
import { optional } from './optional.ts';
import { CDC_AGENT, CDC_FACTS, CDC_LAST, CDC_OLDEST, cdcRetention } from './queries.ts';
import { allowSnapshots, captureDatabase, keepChanges, readChanges } from './remedies.ts';
import type { Row, Session } from './session.ts';

const DAY_MIN = 1440;
/** What a database has where nobody has changed it. */
const GOOD_RETENTION_MIN = 3 * DAY_MIN;
const OLDEST_TESTED = 14;
const AZURE_DATABASE = 5;
const RUNNING = '4';
const NOT_ENABLED = 'change data capture is not turned on';

/** Whether the server is fit for change data capture. Every check only reads; what is missing is handed out as SQL. */
const CHECKS: readonly CdcCheck[] = [
  {
    id: 'cdc_edition',
    title: 'CDC: edition and version',
    run: (row, { facts, server }) => {
      const { engine = 0, edition = '', product = facts.server, version = '' } = server ?? {};
      const lacking = withoutCapture({ engine, edition, product }, row['tier'] ?? '');
      if (lacking) throw new StepFailure(lacking.code, { ...facts, what: lacking.what });
      const evidence = `${product} ${version}`;
      if (engine === AZURE_DATABASE || Number.parseInt(version, 10) >= OLDEST_TESTED) return { evidence };
      return { evidence, warning: { code: 'CDC_OLD_VERSION', facts: { ...facts, what: product } } };
    },
  },
  {
    id: 'cdc_enabled',
    title: 'CDC: turned on for the database',
    run: (row, { facts, who }) => {
      if (row['enabled'] === '1') return {};
      throw new StepFailure('CDC_NOT_ENABLED', facts, { remedies: [captureDatabase(who)] });
    },
  },
  {
    id: 'cdc_agent',
    title: 'CDC: SQL Server Agent',
    run: async (_, session) => {
      if (session.isAzure) return { skip: 'Azure SQL Database captures without it' };
      const rows = await optional(session, CDC_AGENT);
      if (!rows) return { skip: 'the user may not see the services (VIEW SERVER STATE)' };
      const [agent] = rows;
      if (!agent) return { skip: 'the server does not say' };
      const state = session.clean(agent['state'], 40);
      if (agent['status'] === RUNNING) return { evidence: state };
      throw new StepFailure('CDC_AGENT_STOPPED', { ...session.facts, what: state }, { evidence: state });
    },
  },
  {
    id: 'cdc_access',
    title: 'CDC: right to read changes',
    run: (row, { facts, who }) => {
      const remedies = [readChanges(who)];
      const what = 'SELECT on the schema cdc';
      if (row['enabled'] === '1' && row['reads_changes'] === '1') return {};
      // Before it is turned on there is nothing to have rights on; the grant belongs to the same script all the same.
      throw new StepFailure('CDC_GRANTS', { ...facts, what }, { remedies });
    },
  },
  ...cdcTableChecks,
  {
    id: 'cdc_captured',
    title: 'CDC: changes are captured',
    run: async (row, session) => {
      if (row['enabled'] !== '1') return { skip: NOT_ENABLED };
      const [last] = (await optional(session, CDC_LAST)) ?? [];
      if (last?.['lsn']) return { evidence: `up to ${session.clean(last['lsn'], 42)}` };
      return { warning: { code: 'CDC_NOTHING_CAPTURED', facts: session.facts } };
    },
  },
  { id: 'cdc_retention', title: 'CDC: retention of changes', run: retention },
  {
    id: 'cdc_snapshots',
    title: 'CDC: snapshot isolation',
    run: (row, { facts, who }) => {
      if (row['snapshots'] === 'ON') return { evidence: 'ON' };
      return { warning: { code: 'CDC_NO_SNAPSHOTS', facts, remedies: [allowSnapshots(who)] } };
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
      return run(row, session);
    },
  }));
}

/** The headroom: for how long a consumer may be down. */
async function retention(row: Row, session: Session): Promise<StepOutcome> {
  if (row['enabled'] !== '1') return { skip: NOT_ENABLED };
  const [job] = (await optional(session, cdcRetention(session.isAzure))) ?? [];
  if (!job?.['minutes']) {
    const [oldest] = (await optional(session, CDC_OLDEST)) ?? [];
    const age = oldest?.['minutes'];
    return {
      skip: `the user may not see the cleanup job${age ? `; the oldest change is ${duration(Number(age))} old` : ''}`,
    };
  }
  const minutes = Number(job['minutes']);
  const evidence = duration(minutes);
  if (minutes >= GOOD_RETENTION_MIN) return { evidence };
  const facts = { ...session.facts, what: evidence };
  return {
    evidence,
    warning: { code: 'CDC_CHANGES_KEPT', facts, remedies: [keepChanges(session.who, GOOD_RETENTION_MIN)] },
  };
}

function duration(minutes: number): string {
  const [days, hours] = [Math.floor(minutes / DAY_MIN), Math.floor(minutes / 60)];
  if (days > 0) return `${days} day${days === 1 ? '' : 's'}`;
  return hours > 0 ? `${hours} hour${hours === 1 ? '' : 's'}` : 'less than an hour';
}
