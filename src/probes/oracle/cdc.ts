import type { StepOutcome, StepSpec, StreamPosition } from '../probe.ts';
import { type Remedy, StepFailure } from '../problems/index.ts';
import {
  CDC_DATABASE,
  CDC_OLDEST,
  CDC_PRIVILEGES,
  loggedTables,
  longNames,
  primaryKeys,
  someTables,
} from './queries.ts';
import { archiveLog, grantSys, grantSystem, keepLog, logSupplement, logTable, qualified } from './remedies.ts';
import type { Row, Session } from './session.ts';
import { withLogin } from './steps.ts';
import { positionOf, selectedTables } from './tables.ts';

const SHOWN = 5;
const MOST_TABLES = 200;
const DAY_H = 24;
const GOOD_RETENTION_H = 7 * DAY_H;
const SYSTEM_RIGHTS = ['LOGMINING', 'SELECT ANY TRANSACTION'] as const;
const VIEWS = [
  'V_$DATABASE',
  'V_$LOG',
  'V_$LOGFILE',
  'V_$ARCHIVED_LOG',
  'V_$ARCHIVE_DEST_STATUS',
  'V_$LOGMNR_CONTENTS',
  'V_$TRANSACTION',
] as const;
const PACKAGES = ['DBMS_LOGMNR', 'DBMS_LOGMNR_D'] as const;

/** What several checks look at, asked once. */
interface Looked {
  /** Nothing where the user may not see it. */
  database: () => Promise<Row | undefined>;
  tables: () => Promise<StreamPosition[]>;
}

interface Check {
  id: string;
  title: string;
  run: (session: Session, looked: Looked) => Promise<StepOutcome>;
}

const UNSEEN = { skip: 'cdc_grants' } as const;

/** Whether the database is fit for LogMiner. Every check only reads; what is missing is handed out as SQL. */
const CHECKS: readonly Check[] = [
  { id: 'cdc_grants', title: 'CDC: rights', run: rights },
  {
    id: 'cdc_archive_log',
    title: 'CDC: archived log',
    run: async ({ facts, who }, { database }) => {
      const row = await database();
      if (!row) return UNSEEN;
      const mode = row['log_mode'] ?? '';
      if (mode === 'ARCHIVELOG') return { evidence: mode };
      const details = who.rds ? { actor: 'cloud_admin' as const } : { remedies: [archiveLog()] };
      throw new StepFailure('CDC_ARCHIVE_LOG', { ...facts, what: mode === 'NOARCHIVELOG' ? mode : 'unknown' }, details);
    },
  },
  {
    id: 'cdc_supplemental',
    title: 'CDC: supplemental logging',
    run: async ({ facts, who }, { database }) => {
      const row = await database();
      if (!row) return UNSEEN;
      if (row['minimal'] === 'YES' || row['minimal'] === 'IMPLICIT') return { evidence: row['minimal'] };
      throw new StepFailure('CDC_SUPPLEMENTAL_LOG', facts, { remedies: [logSupplement(who)] });
    },
  },
  {
    id: 'cdc_tables',
    title: 'CDC: whole rows in the log',
    run: async (session, { database, tables }) => {
      if ((await database())?.['all_columns'] === 'YES') return { evidence: 'of all tables' };
      const missing = await without(session, await tables(), loggedTables, 'whole');
      if (missing.length === 0) return { evidence: 'of all tables that were looked at' };
      const remedies = missing
        .slice(0, session.config.tables ? missing.length : SHOWN)
        .filter(({ namespace, name }) => session.fitForSql([namespace, name]).length === 2)
        .map(({ namespace, name }) => logTable(namespace, name));
      return {
        warning: { code: 'CDC_TABLE_LOG', facts: { ...session.facts, what: named(session, missing) }, remedies },
      };
    },
  },
  {
    id: 'cdc_keys',
    title: 'CDC: primary keys',
    run: async (session, { tables }) => {
      const keyless = await without(session, await tables(), primaryKeys);
      if (keyless.length === 0) return {};
      return { warning: { code: 'CDC_NO_PRIMARY_KEY', facts: { ...session.facts, what: named(session, keyless) } } };
    },
  },
  {
    id: 'cdc_names',
    title: 'CDC: names that LogMiner reads',
    run: async (session, { tables }) => {
      const all = await tables();
      if (all.length === 0) return { skip: 'list' };
      const rows = await session.query(longNames(all.length), all.map(wholeOf));
      const long = all.filter((table) => rows.some((row) => row['whole'] === wholeOf(table)));
      if (long.length === 0) return {};
      const facts = { ...session.facts, what: named(session, long) };
      if (session.config.tables) throw new StepFailure('CDC_LONG_NAMES', facts);
      return { warning: { code: 'CDC_LONG_NAMES', facts } };
    },
  },
  { id: 'cdc_retention', title: 'CDC: retention of the archived log', run: retention },
  {
    id: 'cdc_container',
    title: 'CDC: container',
    run: async ({ facts, who, server }, { database }) => {
      const row = await database();
      if (!row) return UNSEEN;
      if (row['cdb'] !== 'YES') return { evidence: 'no container database' };
      if (who.common) return { evidence: `a common user, in ${server?.container}` };
      return { warning: { code: 'CDC_COMMON_USER', facts } };
    },
  },
];

export function cdcSteps(session: Session): StepSpec[] {
  const { facts } = session;
  let row: Promise<Row | undefined> | undefined;
  let tables: Promise<StreamPosition[]> | undefined;
  const looked: Looked = {
    database: () => {
      row ??= optional(session, CDC_DATABASE);
      return row;
    },
    tables: () => {
      tables ??= tablesOf(session);
      return tables;
    },
  };
  return CHECKS.map(({ id, title, run }) =>
    withLogin(session)({
      id,
      title,
      depth: 'cdc',
      limitMs: 3000,
      timeout: { code: 'QUERY_TIMEOUT', facts },
      run: () => run(session, looked),
    }),
  );
}

async function rights(session: Session): Promise<StepOutcome> {
  const { facts, who } = session;
  const held = new Set((await session.query(CDC_PRIVILEGES)).map((row) => row['held']));
  const has = (name: string) => held.has(name) || held.has('DBA');
  const seesViews = held.has('SELECT_CATALOG_ROLE') || held.has('SELECT ANY DICTIONARY');
  const system = SYSTEM_RIGHTS.filter((right) => !has(right));
  const views = VIEWS.filter((view) => !has(view) && !seesViews);
  const packages = PACKAGES.filter((name) => !has(name) && !held.has('EXECUTE_CATALOG_ROLE'));
  if (system.length + views.length + packages.length === 0) return {};
  const what = [
    ...system,
    ...views.map((view) => `SELECT on ${view}`),
    ...packages.map((name) => `EXECUTE on ${name}`),
  ].join(', ');
  const remedies: Remedy[] = [
    ...system.map((right) => grantSystem(who, right)),
    ...views.map((view) => grantSys(who, view, 'SELECT')),
    ...packages.map((name) => grantSys(who, name, 'EXECUTE')),
  ];
  throw new StepFailure('CDC_GRANTS', { ...facts, what }, { remedies });
}

/** The headroom: for how long a consumer may be down. A database that is younger than that cannot show more. */
async function retention(session: Session): Promise<StepOutcome> {
  const row = await optional(session, CDC_OLDEST);
  if (!row) return UNSEEN;
  if (row['hours'] === null || row['hours'] === undefined) return { skip: 'there is no archived log yet' };
  const hours = Number(row['hours']);
  const evidence = duration(hours);
  if (hours >= GOOD_RETENTION_H) return { evidence };
  const remedies = session.who.rds ? [keepLog(GOOD_RETENTION_H)] : [];
  const facts = { ...session.facts, what: evidence };
  return { evidence, warning: { code: 'CDC_ARCHIVE_KEPT', facts, ...(remedies.length > 0 ? { remedies } : {}) } };
}

/** What a user without rights cannot ask: to such a one the view is not there. */
async function optional(session: Session, statement: string): Promise<Row | undefined> {
  try {
    return (await session.query(statement))[0] ?? {};
  } catch (error) {
    if (error instanceof StepFailure && error.problem.code === 'QUERY_FAILED') return undefined;
    throw error;
  }
}

/** The selected tables; without any, a few. */
async function tablesOf(session: Session): Promise<StreamPosition[]> {
  const { tables, schemas } = session.config;
  if (tables) return (await selectedTables(session)).flatMap(({ known }) => known ?? []);
  return (await session.query(someTables(schemas, MOST_TABLES), schemas)).map(positionOf);
}

/** Those of the tables that a query does not name. */
async function without(
  session: Session,
  tables: readonly StreamPosition[],
  query: (count: number) => string,
  column?: string,
): Promise<StreamPosition[]> {
  if (tables.length === 0) return [];
  const rows = await session.query(query(tables.length), tables.map(wholeOf));
  const there = new Set(rows.map((row) => (column === undefined ? wholeOf(positionOf(row)) : row[column])));
  return tables.filter((table) => !there.has(wholeOf(table)));
}

function wholeOf({ namespace, name }: StreamPosition): string {
  return `${namespace}.${name}`;
}

function named(session: Session, tables: readonly StreamPosition[]): string {
  const shown = tables.slice(0, SHOWN).map(({ namespace, name }) => session.clean(qualified(namespace, name), 280));
  return `${shown.join(', ')}${tables.length > SHOWN ? ' and more' : ''}`;
}

function duration(hours: number): string {
  const days = Math.floor(hours / DAY_H);
  if (days > 0) return `${days} day${days === 1 ? '' : 's'}`;
  return hours > 0 ? `${hours} hour${hours === 1 ? '' : 's'}` : 'less than an hour';
}
