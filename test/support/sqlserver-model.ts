import { adviceAnswer } from './sqlserver-advice.ts';
import type { TdsLogin, TdsReply } from './tds-server.ts';

/**
 * What a SQL Server keeps in its catalogue, as far as the probe asks for it, answered in the documented shapes: metadata
 * is seen of what may be used alone, and a missing right is an error with its number. No more of T-SQL is understood.
 */

export interface ModelTable {
  schema: string;
  name: string;
  kind?: 'U' | 'V';
  keys?: readonly string[];
  /** Besides that of the keys. */
  indexes?: readonly { name: string; unique?: boolean; columns: readonly string[] }[];
  storage?: 'memory' | 'columnstore';
  columns?: readonly ModelColumn[];
  rows?: readonly (readonly (string | null)[])[];
  tracked?: boolean;
  /** Roles that gate the capture instances, one for each; null for none. */
  gates?: readonly (string | null)[];
}

export interface ModelColumn {
  name: string;
  type: string;
  base?: string;
  length?: number;
  precision?: number;
  scale?: number;
  nullable?: boolean;
  clr?: boolean;
  identity?: boolean;
}

export interface Model {
  version: string;
  /** SERVERPROPERTY('EngineEdition'). */
  engine: number;
  edition: string;
  tier: string | null;
  database: string;
  /** What the database calls the user. */
  user: string;
  tables: ModelTable[];
  /** Rights of the user: `DATABASE`, `SCHEMA dbo`, `OBJECT dbo.orders`, `VIEW SERVER STATE`, `JOBS`, `SEES ALL`. */
  rights: Set<string>;
  /** Roles of the user: `sysadmin`, `db_owner`, or any of the database's own. */
  roles: Set<string>;
  cdc: boolean;
  agent: string | null;
  lsn: string | null;
  /** Minutes that changes are kept for. */
  retention: number;
  snapshots: string;
  passwordDays: number | null;
  /** Whether sizes are told; they are without. */
  sizes?: boolean;
  /** Other databases, as sys.databases has them. */
  databases: { name: string; state: string; open: boolean }[];
}

export function shopModel(change: Partial<Model> = {}): Model {
  return {
    version: '16.0.4135.4',
    engine: 3,
    edition: 'Developer Edition (64-bit)',
    tier: null,
    database: 'shop',
    user: 'reader',
    tables: [
      {
        schema: 'dbo',
        name: 'orders',
        keys: ['id'],
        tracked: true,
        gates: [null],
        columns: ORDER_COLUMNS,
        rows: ORDERS,
      },
      { schema: 'dbo', name: 'customers', keys: ['region', 'id'], tracked: true, gates: [null] },
      { schema: 'dbo', name: 'recent_orders', kind: 'V' },
    ],
    rights: new Set(['SCHEMA dbo', 'SCHEMA cdc', 'VIEW SERVER STATE', 'JOBS', 'SEES ALL']),
    roles: new Set(),
    cdc: true,
    agent: 'Running',
    lsn: '0x0000002A000001C80003',
    retention: 4320,
    snapshots: 'ON',
    passwordDays: null,
    databases: [],
    ...change,
  };
}

const ORDER_COLUMNS: readonly ModelColumn[] = [
  { name: 'id', type: 'int', length: 4, precision: 10 },
  { name: 'note', type: 'nvarchar', length: 400, nullable: true },
  { name: 'total', type: 'decimal', length: 9, precision: 10, scale: 2 },
  { name: 'placed_at', type: 'datetime2', length: 8, scale: 7 },
  { name: 'paid', type: 'bit', length: 1 },
];
const ORDERS = [
  ['1', 'first', '10.50', '2026-01-02T03:04:05', '1'],
  ['2', null, '99999999.99', '2026-01-03T03:04:05', '0'],
  ['3', 'third', '3.00', '2026-01-04T03:04:05', '1'],
];

/** Answers what the probe asks; nothing for what it should never ask. */
export function answerOf(model: Model): (statement: string, login: TdsLogin) => TdsReply | undefined {
  return (statement, login) =>
    adviceAnswer(model, statement, seen(model)) ??
    ANSWERS.find(([asks]) => asks.test(statement))?.[1](model, statement, login);
}

type Answer = (model: Model, statement: string, login: TdsLogin) => TdsReply;

const yes = (is: boolean) => (is ? '1' : '0');
const denied = (number: number, message: string): TdsReply => ({ error: { number, message } });
const isOwner = ({ roles }: Model) => roles.has('sysadmin') || roles.has('db_owner');
const idOf = ({ tables }: Model, table: ModelTable) => String(1000 + tables.indexOf(table));

/** Rights on a whole hold for its parts. */
function mayRead(model: Model, { schema, name }: ModelTable): boolean {
  const { rights } = model;
  return mayReadSchema(model, schema) || rights.has(`OBJECT ${schema}.${name}`);
}

function mayReadSchema(model: Model, schema: string): boolean {
  return isOwner(model) || model.rights.has('DATABASE') || model.rights.has(`SCHEMA ${schema}`);
}

const seen = (model: Model) => model.tables.filter((table) => mayRead(model, table));

/** The N'…' literals of a part of a statement. */
function literals(part: string): string[] {
  return [...part.matchAll(/N'((?:[^']|'')*)'/g)].map((match) => (match[1] ?? '').replaceAll("''", "'"));
}

/** What of the tables that are seen a WHERE clause selects. */
function selected(model: Model, statement: string): ModelTable[] {
  const schemas = /s\.name IN \(([^)]*)\)/.exec(statement)?.[1];
  const wanted = schemas === undefined ? undefined : literals(schemas);
  return seen(model).filter(({ schema }) => wanted === undefined || wanted.includes(schema));
}

const FACTS = ['id', 'namespace', 'name', 'kind', 'readable', 'tracked', 'keyed'];
const factsOf = (model: Model, table: ModelTable) => [
  idOf(model, table),
  table.schema,
  table.name,
  (table.kind ?? 'U').padEnd(2),
  yes(mayRead(model, table)),
  table.kind === 'V' ? null : yes(table.tracked === true),
  String(table.keys ? 1 : 0),
];

const ANSWERS: readonly (readonly [RegExp, Answer])[] = [
  [
    /SERVERPROPERTY\('ProductVersion'\)/,
    ({ version, engine, edition, database, user }) => ({
      columns: ['version', 'engine', 'edition', 'database', 'user'],
      rows: [[version, String(engine), edition, database, user]],
    }),
  ],
  [
    /AS sysadmin/,
    ({ roles, passwordDays }) => ({
      columns: ['sysadmin', 'control_server', 'db_owner', 'db_ddladmin', 'db_datawriter', 'days'],
      rows: [
        [
          ...['sysadmin', 'control_server', 'db_owner', 'db_ddladmin', 'db_datawriter'].map((role) =>
            yes(roles.has(role) || (roles.has('sysadmin') && role !== 'db_ddladmin')),
          ),
          passwordDays === null ? null : String(passwordDays),
        ],
      ],
    }),
  ],
  [
    /LEFT JOIN sys\.databases d/,
    ({ databases, rights }, statement) => {
      const [name] = literals(/VALUES \((.*?)\)\) w/.exec(statement)?.[1] ?? '');
      const found = rights.has('SEES ALL') ? databases.find((each) => each.name === name) : undefined;
      return {
        columns: ['name', 'state', 'open_to_us', 'sees_all'],
        rows: [
          [found?.name ?? null, found?.state ?? null, found ? yes(found.open) : null, yes(rights.has('SEES ALL'))],
        ],
      };
    },
  ],
  [
    /SCHEMA_ID\(w\.name\)/,
    (model, statement) => ({
      columns: ['name', 'id', 'readable'],
      rows: literals(/\(VALUES (.*)\) w\(name\)/.exec(statement)?.[1] ?? '').map((name) => {
        const isSeen = mayReadSchema(model, name) || seen(model).some(({ schema }) => schema === name);
        return [name, isSeen ? '5' : null, isSeen ? yes(mayReadSchema(model, name)) : null];
      }),
    }),
  ],
  [
    /^SELECT CAST\(HAS_PERMS_BY_NAME\(DB_NAME\(\)/,
    (model) => ({ columns: ['readable'], rows: [[yes(isOwner(model) || model.rights.has('DATABASE'))]] }),
  ],
  [
    /^SELECT TOP \(1\) s\.namespace/,
    (model, statement) => {
      const kind = /o\.type = 'V'/.test(statement) ? 'V' : 'U';
      const found = selected(model, statement).filter((table) => (table.kind ?? 'U') === kind);
      return { columns: ['namespace', 'name'], rows: found.slice(0, 1).map(({ schema, name }) => [schema, name]) };
    },
  ],
  [
    /^SELECT DISTINCT TOP \(20\)/,
    (model, statement) => ({
      columns: ['name'],
      rows: [...new Set(selected(model, statement).map(({ schema }) => schema))].map((name) => [name]),
    }),
  ],
  [
    /w\(whole, id\)/,
    (model, statement) => {
      const values = /\(VALUES (.*)\) w\(whole, id\)/.exec(statement)?.[1] ?? '';
      const wanted = literals(values).filter((text) => !text.startsWith('['));
      return {
        columns: ['whole', ...FACTS],
        rows: wanted.map((whole) => {
          const found = seen(model).find(({ schema, name }) => `${schema}.${name}` === whole);
          return [whole, ...(found ? factsOf(model, found) : FACTS.map(() => null))];
        }),
      };
    },
  ],
  [
    /t\.is_tracked_by_cdc = [01]/,
    (model, statement) => {
      const tracked = /is_tracked_by_cdc = 1/.test(statement);
      const limit = Number(/TOP \((\d+)\)/.exec(statement)?.[1]);
      const found = selected(model, statement).filter(
        (table) => table.kind !== 'V' && (table.tracked === true) === tracked,
      );
      return { columns: FACTS, rows: found.slice(0, limit).map((table) => factsOf(model, table)) };
    },
  ],
  [
    /AS estimate FROM/,
    (model, statement) => ({
      columns: ['id', 'namespace', 'name', 'kind', 'estimate'],
      rows: streams(model, statement).map((table) => [
        idOf(model, table),
        table.schema,
        table.name,
        (table.kind ?? 'U').padEnd(2),
        table.kind === 'V' ? null : String(table.rows?.length ?? 0),
      ]),
    }),
  ],
  [
    /ic\.key_ordinal/,
    (model) => ({
      columns: ['id', 'name'],
      rows: seen(model).flatMap((table) => (table.keys ?? []).map((key) => [idOf(model, table), key])),
    }),
  ],
  [
    /FROM sys\.columns c/,
    (model, statement) => {
      const id = /c\.object_id = (\d+)/.exec(statement)?.[1];
      const found = seen(model).find((table) => idOf(model, table) === id);
      return {
        columns: ['name', 'type', 'base', 'length', 'precision', 'scale', 'nullable', 'code'],
        rows: (found?.columns ?? []).map((column) => [
          column.name,
          column.type,
          column.clr ? null : (column.base ?? column.type),
          String(column.length ?? 4),
          String(column.precision ?? 0),
          String(column.scale ?? 0),
          yes(column.nullable === true),
          column.clr ? '240' : '56',
        ]),
      };
    },
  ],
  [
    /AS enabled/,
    (model) => ({
      columns: ['enabled', 'snapshots', 'tier', 'reads_changes', 'owner'],
      rows: [
        [
          yes(model.cdc),
          model.snapshots,
          model.tier,
          model.cdc ? yes(mayReadSchema(model, 'cdc')) : null,
          yes(isOwner(model)),
        ],
      ],
    }),
  ],
  [
    /sys\.dm_server_services/,
    ({ rights, agent }) => {
      if (!rights.has('VIEW SERVER STATE'))
        return denied(300, "VIEW SERVER STATE permission was denied on object 'server', database 'master'.");
      return { columns: ['status', 'state'], rows: agent === null ? [] : [[agent === 'Running' ? '4' : '1', agent]] };
    },
  ],
  [/fn_cdc_get_max_lsn/, ({ lsn }) => ({ columns: ['lsn'], rows: [[lsn]] })],
  [
    /cdc_jobs/,
    ({ rights, retention }) =>
      rights.has('JOBS')
        ? { columns: ['minutes'], rows: [[String(retention)]] }
        : denied(229, "The SELECT permission was denied on the object 'cdc_jobs', database 'msdb', schema 'dbo'."),
  ],
  [/cdc\.lsn_time_mapping/, () => ({ columns: ['minutes'], rows: [['2880']] })],
  [
    /cdc\.change_tables/,
    (model, statement) => {
      if (!mayReadSchema(model, 'cdc'))
        return denied(229, "The SELECT permission was denied on the object 'change_tables', schema 'cdc'.");
      const ids = (/IN \(([^)]*)\)/.exec(statement)?.[1] ?? '').split(', ');
      return {
        columns: ['id', 'role', 'member'],
        rows: model.tables
          .filter((table) => ids.includes(idOf(model, table)))
          .flatMap((table) =>
            (table.gates ?? []).map((role) => [
              idOf(model, table),
              role,
              role === null ? null : yes(model.roles.has(role)),
            ]),
          ),
      };
    },
  ],
  [/^SELECT TOP \(\d+\) CAST\(1 AS nvarchar\(1\)\)/, () => ({ columns: ['one'], rows: [['1']] })],
  [
    /^SELECT TOP \(\d+\) .* AS c0/,
    (model, statement) => {
      const [, schema, name] = /FROM \[([^\]]*)\]\.\[([^\]]*)\] AS t$/.exec(statement) ?? [];
      const limit = Number(/TOP \((\d+)\)/.exec(statement)?.[1]);
      const found = seen(model).find((table) => table.schema === schema && table.name === name);
      return {
        columns: (found?.columns ?? []).map((_, i) => `c${i}`),
        rows: (found?.rows ?? []).slice(0, limit),
      };
    },
  ],
];

function streams(model: Model, statement: string): ModelTable[] {
  const limit = Number(/TOP \((\d+)\)/.exec(statement)?.[1]);
  const part = /LIKE N'%(.*)%' ESCAPE/.exec(statement)?.[1]?.replaceAll(/\|(.)/g, '$1').toLowerCase();
  const after = /s\.name COLLATE \S+ > N'(.*?)' OR .* o\.name COLLATE \S+ > N'(.*?)'\)/s.exec(statement);
  const one = / OR o\.name = N'(.*?)'\)/.exec(statement)?.[1];
  const place = (schema: string | undefined, name: string | undefined) => `${schema}\0${name}`;
  return selected(model, statement)
    .filter(({ schema, name }) => part === undefined || `${schema}.${name}`.toLowerCase().includes(part))
    .filter(({ schema, name }) => !after || place(schema, name) > place(after[1], after[2]))
    .filter(({ schema, name }) => one === undefined || name === one || `${schema}.${name}` === one)
    .sort((a, b) => (place(a.schema, a.name) < place(b.schema, b.name) ? -1 : 1))
    .slice(0, limit);
}

/** Runs a script as far as its statements are known here: what it changes, the next answers show. */
export function runScript(model: Model, script: string): void {
  for (const line of script.replaceAll(/^\s*--.*$/gm, '').split(/;\s*(?:\n|$)/)) {
    const statement = line.replaceAll(/\s+/g, ' ').trim();
    if (statement === '') continue;
    const known = STATEMENTS.find(([is]) => is.test(statement));
    if (!known) throw new Error(`no server would know: ${statement}`);
    known[1](model, known[0].exec(statement) ?? []);
  }
}

const unquoted = (name: string | undefined) => (name ?? '').replaceAll(']]', ']');

const STATEMENTS: readonly (readonly [RegExp, (model: Model, match: readonly (string | undefined)[]) => void])[] = [
  [/^USE \[(.*)\]$/, () => {}],
  [
    /^GRANT SELECT ON SCHEMA::\[(.*)\] TO \[(.*)\]$/,
    (model, [, schema]) => model.rights.add(`SCHEMA ${unquoted(schema)}`),
  ],
  [
    /^GRANT SELECT ON OBJECT::\[(.*)\]\.\[(.*)\] TO \[(.*)\]$/,
    (model, [, schema, name]) => model.rights.add(`OBJECT ${unquoted(schema)}.${unquoted(name)}`),
  ],
  [/^GRANT SELECT TO \[(.*)\]$/, (model) => model.rights.add('DATABASE')],
  [
    /^IF EXISTS .*is_cdc_enabled = 0\) EXEC (sys\.sp_cdc_enable_db|msdb\.dbo\.rds_cdc_enable_db N'.*')$/,
    (model) => {
      model.cdc = true;
    },
  ],
  [
    /^IF EXISTS .*is_tracked_by_cdc = 0\) EXEC sys\.sp_cdc_enable_table @source_schema = N'(.*?)', @source_name = N'(.*?)', @role_name = NULL, @supports_net_changes = 0$/,
    (model, [, schema, name]) => {
      if (!model.cdc) throw new Error('Msg 22901: The database is not enabled for Change Data Capture.');
      model.tables = model.tables.map((table) =>
        table.schema === schema && table.name === name ? { ...table, tracked: true, gates: [null] } : table,
      );
    },
  ],
  [/^ALTER ROLE \[(.*)\] ADD MEMBER \[(.*)\]$/, (model, [, role]) => model.roles.add(unquoted(role))],
  [
    /^EXEC sys\.sp_cdc_change_job @job_type = N'cleanup', @retention = (\d+)$/,
    (model, [, minutes]) => {
      model.retention = Number(minutes);
    },
  ],
  [
    /^ALTER DATABASE \[(.*)\] SET ALLOW_SNAPSHOT_ISOLATION ON$/,
    (model) => {
      model.snapshots = 'ON';
    },
  ],
];
