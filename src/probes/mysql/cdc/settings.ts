import type { StepOutcome } from '../../probe.ts';
import { type ProblemCode, StepFailure } from '../../problems/index.ts';
import { oneDatetime } from '../queries.ts';
import { settingFix, startFix } from '../remedies.ts';
import type { Session } from '../session.ts';
import { refuseEndpoint } from './endpoint.ts';
import { type Check, isOn, type Look } from './look.ts';

/** What the settings of the server must be. What is read at the start alone is written where it is read. */
export const SETTING_CHECKS: readonly Check[] = [
  {
    id: 'cdc_log_bin',
    title: 'CDC: log_bin',
    run: ({ variables }, session) => {
      if (isOn(variables.get('log_bin'))) return { evidence: 'ON' };
      refuseEndpoint(session);
      const lines = ['log_bin = binlog', ...NEEDED_LINES.filter((line) => !holds(variables, line))];
      const fix = startFix(session.asking, 'log-bin', lines);
      throw new StepFailure('CDC_BINLOG_OFF', session.facts, { evidence: 'OFF', ...fix });
    },
  },
  {
    id: 'cdc_binlog_format',
    title: 'CDC: binlog_format',
    run: (look, session) => expectValue(look, session, 'binlog_format', 'ROW', 'CDC_BINLOG_FORMAT', FORMAT),
  },
  {
    id: 'cdc_row_image',
    title: 'CDC: binlog_row_image',
    run: (look, session) => {
      const isNearly = look.variables.get('binlog_row_image')?.toUpperCase() === 'NOBLOB';
      return expectValue(look, session, 'binlog_row_image', 'FULL', 'CDC_ROW_IMAGE', IMAGE, isNearly);
    },
  },
  {
    id: 'cdc_partial_rows',
    title: 'CDC: whole values',
    run: (look, session) => expectValue(look, session, 'binlog_row_value_options', '', 'CDC_PARTIAL_ROWS', WHOLE),
  },
  {
    id: 'cdc_compression',
    title: 'CDC: compression',
    run: ({ variables }, { facts, asking }) => {
      const name = ['binlog_transaction_compression', 'log_bin_compress'].find((each) => isOn(variables.get(each)));
      if (name === undefined) return { evidence: 'OFF' };
      const fix = settingFix(asking, { name, value: 'OFF', now: 'ON', why: 'Not every reader of the log unpacks it.' });
      return { warning: { code: 'CDC_BINLOG_COMPRESSED', facts: { ...facts, what: name }, ...fix } };
    },
  },
  {
    id: 'cdc_server_id',
    title: 'CDC: server_id',
    run: ({ variables }, session) => {
      const { facts, asking } = session;
      const id = variables.get('server_id');
      if (id !== '0') return { evidence: session.clean(id, 20) };
      const why = 'Readers of the log are refused by a server without a number; no other server may have the same.';
      const fix = settingFix(asking, { name: 'server_id', value: '1', now: id, why });
      throw new StepFailure('CDC_SERVER_ID', facts, { evidence: id, ...fix });
    },
  },
  {
    id: 'cdc_gtid',
    title: 'CDC: GTID',
    run: async ({ variables }, session) => {
      const domain = variables.get('gtid_domain_id');
      // MariaDB numbers every transaction.
      if (domain !== undefined) return { evidence: `domain ${session.clean(domain, 20)}` };
      const mode = variables.get('gtid_mode');
      if (mode === undefined) return { skip: 'this version has no such setting' };
      const evidence = session.clean(mode, 20);
      if (mode.toUpperCase() === 'ON' || !(await isOneOfMany(session))) return { evidence };
      return { evidence, warning: { code: 'CDC_GTID', facts: { ...session.facts, what: evidence } } };
    },
  },
  {
    id: 'cdc_replica',
    title: 'CDC: changes are logged here',
    run: async ({ variables }, session) => {
      const name = ['log_replica_updates', 'log_slave_updates'].find((each) => variables.has(each));
      if (name === undefined || isOn(variables.get(name))) return { evidence: 'a replica logs what it receives' };
      const isReplica = await receives(session);
      if (isReplica === undefined) return { skip: 'the user may not see whether this server is a replica' };
      if (!isReplica) return { evidence: 'not a replica' };
      const fix = startFix(session.asking, 'replica', [`${name} = ON`]);
      throw new StepFailure('CDC_REPLICA_SILENT', session.facts, fix);
    },
  },
  {
    id: 'cdc_time_zone',
    title: 'CDC: time zone',
    run: async ({ variables }, session) => {
      const zone = variables.get('time_zone');
      if (zone === undefined) return { skip: 'the server does not say' };
      const [shown, system] = [zone, variables.get('system_time_zone')].map((each) => session.clean(each, 40));
      if (zone.toUpperCase() !== 'SYSTEM') return { evidence: shown ?? '' };
      if (UNIVERSAL.test(system ?? '')) return { evidence: system ?? '' };
      const dated = session.looked.length === 0 ? [] : await session.query(oneDatetime(session.looked));
      if (dated.length === 0) return { evidence: `${system ?? ''}; no DATETIME in the tables looked at` };
      return { warning: { code: 'CDC_TIME_ZONE', facts: { ...session.facts, what: system || 'unknown' } } };
    },
  },
];

/** Names and offsets that say the same in winter and summer, and everywhere. */
const UNIVERSAL = /^(UTC|GMT|Etc\/\w+|[+-]\d\d:\d\d|[A-Z]\w+\/\w+)$/;

const FORMAT = 'Changes are captured row by row. Sessions that are open keep the old format until they end.';
const IMAGE = 'A change is told by the whole row, before and after.';
const WHOLE = 'A change of a document is told by the whole document.';

/** What the file that turns the log on brings along: what is set in the running server would end with its restart. */
const NEEDED_LINES = ['server_id = 1', 'binlog_format = ROW', 'binlog_row_image = FULL'];

function holds(variables: Look['variables'], line: string): boolean {
  const [name = '', value] = line.split(' = ');
  const now = variables.get(name);
  return name === 'server_id' ? now !== '0' : now === undefined || now.toUpperCase() === value;
}

/** @throws StepFailure with what sets it right; `isNearly`: a warning is enough */
function expectValue(
  { variables }: Look,
  session: Session,
  name: string,
  wanted: string,
  code: ProblemCode,
  why: string,
  isNearly = false,
): StepOutcome {
  const value = variables.get(name);
  if (value === undefined) return { skip: 'this version has no such setting' };
  const evidence = session.clean(value, 40);
  if (value.toUpperCase() === wanted) return wanted === '' ? {} : { evidence };
  const facts = { ...session.facts, what: evidence };
  const fix = settingFix(session.asking, { name, value: wanted, now: value, why });
  if (isNearly) return { evidence, warning: { code, facts, ...fix } };
  throw new StepFailure(code, facts, { evidence, ...fix });
}

/** Whether it replicates to others or from one, as far as the user may know: then a reader may be moved between them. */
async function isOneOfMany(session: Session): Promise<boolean> {
  if (await receives(session)) return true;
  for (const statement of ['SHOW REPLICAS', 'SHOW SLAVE HOSTS']) {
    const rows = await session.query(statement).catch(() => undefined);
    if (rows) return rows.length > 0;
  }
  return false;
}

/** Whether this server receives another's changes; undefined where the user may not know. */
async function receives(session: Session): Promise<boolean | undefined> {
  for (const statement of ['SHOW REPLICA STATUS', 'SHOW SLAVE STATUS']) {
    const rows = await session.query(statement).catch(() => undefined);
    if (rows) return rows.length > 0;
  }
  return undefined;
}
