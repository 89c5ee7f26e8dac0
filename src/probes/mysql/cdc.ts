import type { StepOutcome, StepSpec } from '../probe.ts';
import { type Facts, type ProblemCode, StepFailure } from '../problems/index.ts';
import { type Table, tablesOf } from './catalogue.ts';
import { accountOf } from './errors.ts';
import { missingRights } from './grants.ts';
import { qualified } from './names.ts';
import { CDC_VARIABLES, RDS_RETENTION } from './queries.ts';
import type { Session } from './session.ts';

type Variables = ReadonlyMap<string, string>;

interface Check {
  id: string;
  title: string;
  run: (variables: Variables, session: Session, tables: () => Promise<Table[]>) => StepOutcome | Promise<StepOutcome>;
}

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
const SHORTEST_RETENTION_S = DAY_S;
const GOOD_RETENTION_S = 7 * DAY_S;
const MOST_TABLES = 200;
const SHOWN_TABLES = 5;

/** Whether the server is fit for change data capture. Every check only reads; what is missing is handed out as SQL. */
const CHECKS: readonly Check[] = [
  {
    id: 'cdc_log_bin',
    title: 'CDC: log_bin',
    run: (variables, { facts }) => {
      if (isOn(variables.get('log_bin'))) return { evidence: 'ON' };
      const sql =
        '-- in the configuration of the server, under [mysqld]; then restart\n-- log_bin = binlog\n-- server_id = 1';
      throw new StepFailure('CDC_BINLOG_OFF', facts, { evidence: 'OFF', sql });
    },
  },
  {
    id: 'cdc_binlog_format',
    title: 'CDC: binlog_format',
    run: (variables, session) => expectValue(variables, session, 'binlog_format', ['ROW'], 'CDC_BINLOG_FORMAT'),
  },
  {
    id: 'cdc_row_image',
    title: 'CDC: binlog_row_image',
    run: (variables, session) => expectValue(variables, session, 'binlog_row_image', ['FULL'], 'CDC_ROW_IMAGE'),
  },
  {
    id: 'cdc_partial_rows',
    title: 'CDC: whole values',
    run: (variables, session) => expectValue(variables, session, 'binlog_row_value_options', [''], 'CDC_PARTIAL_ROWS'),
  },
  {
    id: 'cdc_compression',
    title: 'CDC: compression',
    run: (variables, { facts }) => {
      const name = ['binlog_transaction_compression', 'log_bin_compress'].find((each) => isOn(variables.get(each)));
      if (name === undefined) return { evidence: 'OFF' };
      return {
        warning: { code: 'CDC_BINLOG_COMPRESSED', facts: { ...facts, what: name }, sql: `SET GLOBAL ${name} = OFF;` },
      };
    },
  },
  {
    id: 'cdc_server_id',
    title: 'CDC: server_id',
    run: (variables, session) => {
      const id = variables.get('server_id');
      if (id !== '0') return { evidence: session.clean(id, 20) };
      throw new StepFailure('CDC_SERVER_ID', session.facts, { evidence: id, sql: 'SET GLOBAL server_id = 1;' });
    },
  },
  {
    id: 'cdc_retention',
    title: 'CDC: retention of the binary log',
    run: async (variables, session) => {
      const seconds = await retention(variables, session);
      if (seconds === undefined) return { skip: 'the server does not say' };
      if (seconds === 0) return { evidence: 'kept without limit' };
      const evidence = duration(seconds);
      if (seconds >= GOOD_RETENTION_S) return { evidence };
      const facts = { ...session.facts, what: evidence };
      const sql = retentionSql(variables, session);
      if (seconds < SHORTEST_RETENTION_S) throw new StepFailure('CDC_RETENTION', facts, { evidence, sql });
      return { evidence, warning: { code: 'CDC_RETENTION', facts, sql } };
    },
  },
  {
    id: 'cdc_grants',
    title: 'CDC: rights',
    run: async (_, session) => {
      const missing = await missingRights(session);
      if (missing.length === 0) return {};
      const { facts, server } = session;
      const what = missing.join(', ');
      const sql = `GRANT ${what} ON *.* TO ${accountOf({ account: server?.account, facts })};`;
      throw new StepFailure('CDC_GRANTS', { ...facts, what }, { sql });
    },
  },
  {
    id: 'cdc_replica',
    title: 'CDC: changes are logged here',
    run: async (variables, session) => {
      const logs = variables.get('log_replica_updates') ?? variables.get('log_slave_updates');
      if (logs === undefined || isOn(logs)) return { evidence: 'a replica logs what it receives' };
      const isReplica = await receives(session);
      if (isReplica === undefined) return { skip: 'the user may not see whether this server is a replica' };
      if (!isReplica) return { evidence: 'not a replica' };
      throw new StepFailure('CDC_REPLICA_SILENT', session.facts);
    },
  },
  {
    id: 'cdc_keys',
    title: 'CDC: primary keys',
    run: async (_, session, looked) => {
      const tables = await looked();
      const keyless = tables.filter(({ keys }) => keys.length === 0);
      if (keyless.length === 0) return lookedAt(tables);
      return { warning: { code: 'CDC_NO_PRIMARY_KEY', facts: { ...session.facts, what: named(session, keyless) } } };
    },
  },
  {
    id: 'cdc_engines',
    title: 'CDC: engines with transactions',
    run: async (_, session, looked) => {
      const tables = await looked();
      const others = tables.filter(({ engine }) => WITHOUT_TRANSACTIONS.has(engine.toLowerCase()));
      if (others.length === 0) return lookedAt(tables);
      const sql = others
        .slice(0, SHOWN_TABLES)
        .map(({ namespace, name }) => [namespace, name].map((each) => session.clean(each, 64)))
        .map(([namespace = '', name = '']) => `ALTER TABLE ${qualified(namespace, name)} ENGINE = InnoDB;`)
        .join('\n');
      return {
        warning: { code: 'CDC_NOT_TRANSACTIONAL', facts: { ...session.facts, what: named(session, others) }, sql },
      };
    },
  },
];

const NOT_TABLES: ReadonlySet<string> = new Set(['VIEW', 'SYSTEM VIEW', 'SEQUENCE']);
const WITHOUT_TRANSACTIONS: ReadonlySet<string> = new Set(['myisam', 'aria', 'memory', 'csv', 'archive', 'merge']);

export function cdcSteps(session: Session): StepSpec[] {
  const { facts } = session;
  let variables: Variables | undefined;
  let tables: Table[] | undefined;
  const looked = async () => {
    tables ??= await firstTables(session);
    return tables;
  };
  return CHECKS.map(({ id, title, run }) => ({
    id,
    title,
    depth: 'cdc',
    limitMs: 3000,
    timeout: { code: 'QUERY_TIMEOUT', facts },
    run: async () => {
      variables ??= new Map(
        (await session.query(CDC_VARIABLES)).map((row) => {
          const [name, value] = Object.values(row);
          return [(name ?? '').toLowerCase(), value ?? ''];
        }),
      );
      return run(variables, session, looked);
    },
  }));
}

function isOn(value: string | undefined): boolean {
  return value === 'ON' || value === '1';
}

/** @throws StepFailure with the statement that sets it right */
function expectValue(
  variables: Variables,
  session: Session,
  name: string,
  [wanted]: readonly [string],
  code: ProblemCode,
): StepOutcome {
  const value = variables.get(name);
  if (value === undefined) return { skip: 'this version has no such setting' };
  const shown = session.clean(value, 40);
  if (value.toUpperCase() === wanted) return wanted === '' ? {} : { evidence: shown };
  const facts: Facts = { ...session.facts, what: shown };
  throw new StepFailure(code, facts, { evidence: shown, sql: `SET GLOBAL ${name} = '${wanted}';` });
}

/** For how long the binary log is kept, in seconds; 0 for ever. */
async function retention(variables: Variables, session: Session): Promise<number | undefined> {
  if (isRds(session)) {
    const [row] = await session.query(RDS_RETENTION).catch(() => []);
    // NULL there means that RDS removes it as soon as it can.
    if (row) return Math.max(1, Number(row['value'] ?? 0) * HOUR_S);
  }
  const seconds = variables.get('binlog_expire_logs_seconds');
  const days = variables.get('expire_logs_days');
  // Where a server has both, the one that is set holds.
  const values = [
    ...(seconds === undefined ? [] : [Number(seconds)]),
    ...(days === undefined ? [] : [Number(days) * DAY_S]),
  ].filter(Number.isFinite);
  return values.length === 0 ? undefined : Math.max(...values);
}

function retentionSql(variables: Variables, session: Session): string {
  if (isRds(session)) return "CALL mysql.rds_set_configuration('binlog retention hours', 168);";
  return variables.has('binlog_expire_logs_seconds')
    ? `SET GLOBAL binlog_expire_logs_seconds = ${GOOD_RETENTION_S};`
    : 'SET GLOBAL expire_logs_days = 7;';
}

function isRds({ config }: Session): boolean {
  return /\.rds\.amazonaws\.com(\.cn)?\.?$/i.test(config.host);
}

function duration(seconds: number): string {
  const days = Math.floor(seconds / DAY_S);
  if (days > 0) return `${days} day${days === 1 ? '' : 's'}`;
  const hours = Math.floor(seconds / HOUR_S);
  return hours > 0 ? `${hours} hour${hours === 1 ? '' : 's'}` : 'less than an hour';
}

/** Whether this server receives another's changes; undefined where the user may not know. */
async function receives(session: Session): Promise<boolean | undefined> {
  for (const statement of ['SHOW REPLICA STATUS', 'SHOW SLAVE STATUS']) {
    const rows = await session.query(statement).catch(() => undefined);
    if (rows) return rows.length > 0;
  }
  return undefined;
}

/** The first tables in the order of names: a test looks at some, never at all. */
async function firstTables(session: Session): Promise<Table[]> {
  const tables = await tablesOf(session, { limit: MOST_TABLES });
  return tables.filter(({ kind }) => !NOT_TABLES.has(kind));
}

function lookedAt({ length }: readonly Table[]): StepOutcome {
  return { evidence: `${length < MOST_TABLES ? '' : 'the first '}${length} table${length === 1 ? '' : 's'} looked at` };
}

function named(session: Session, tables: readonly Table[]): string {
  const shown = tables
    .slice(0, SHOWN_TABLES)
    .map(({ namespace, name }) => session.clean(qualified(namespace, name), 140))
    .join(', ');
  return tables.length > SHOWN_TABLES ? `${shown} and more` : shown;
}
