import { packet, refusal, standardAnswer, startFakeMysql, table } from './fake.ts';
import { testAgainst } from './rows.ts';

/** A server that is fit to be captured from, but for what a test changes of it. */

const FIT = {
  log_bin: 'ON',
  binlog_format: 'ROW',
  binlog_row_image: 'FULL',
  binlog_row_value_options: '',
  binlog_transaction_compression: 'OFF',
  server_id: '1',
  binlog_expire_logs_seconds: '2592000',
  log_replica_updates: 'ON',
  gtid_mode: 'ON',
  time_zone: '+00:00',
  system_time_zone: 'CET',
};
const RIGHTS = 'GRANT SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `reader`@`%`';

export interface Server {
  variables?: Record<string, string>;
  grants?: readonly string[];
  roles?: string;
  keys?: boolean;
  engine?: string;
  replica?: 'yes' | 'no' | 'secret';
  rds?: string;
  /** What the position is told with: file, position, databases that are logged, and that are not. */
  position?: readonly string[] | 'denied';
  version?: string;
  /** What the server has counted. */
  status?: readonly (readonly string[])[];
  log?: Buffer;
}

const INDEX = ['namespace', 'name', 'index_name', 'is_not_unique', 'column_name', 'nullable'];
const NO_ROWS = table(['a'], []);
const DENIED = packet(1, refusal(1227, 'Access denied; you need REPLICATION CLIENT', '#42000'));

function answers(said: string[], { variables, grants = [RIGHTS], roles = 'NONE', ...more }: Server) {
  const { keys = true, engine = 'InnoDB', replica = 'no', rds, version } = more;
  const { position = ['binlog.000007', '4096', '', ''] } = more;
  const facts = ['namespace', 'name', 'kind', 'estimate', 'engine'];
  const known: readonly (readonly [RegExp, Buffer])[] = [
    [/default_password_lifetime/, table(['Variable_name', 'Value'], [['default_password_lifetime', '0']])],
    [/^SHOW GLOBAL VARIABLES/, table(['Variable_name', 'Value'], Object.entries({ ...FIT, ...variables }))],
    [/CURRENT_ROLE/, table(['roles'], [[roles]])],
    [
      /^SHOW GRANTS/,
      table(
        ['Grants for reader@%'],
        grants.map((line) => [line]),
      ),
    ],
    [
      /^SHOW (REPLICA|SLAVE) STATUS/,
      replica === 'secret' ? DENIED : replica === 'yes' ? table(['a'], [['b']]) : NO_ROWS,
    ],
    [/^SHOW (REPLICAS|SLAVE HOSTS)/, NO_ROWS],
    [/^SHOW BINARY LOG STATUS/, packet(1, refusal(1064, 'You have an error in your SQL syntax', '#42000'))],
    [
      /^SHOW MASTER STATUS/,
      position === 'denied' ? DENIED : table(['File', 'Position', 'Binlog_Do_DB', 'Binlog_Ignore_DB'], [position]),
    ],
    [/^SHOW GLOBAL STATUS/, table(['Variable_name', 'Value'], more.status ?? [])],
    [/SCHEMATA/, table(['name'], [['shop']])],
    [/DATA_TYPE = 'datetime'/, table(['name'], [['placed_at']])],
    ...(version === undefined
      ? []
      : [[/VERSION\(\)/, table(['version', 'account'], [[version, 'reader@%']])] as const]),
    [/rds_configuration/, rds === undefined ? DENIED : table(['value'], [[rds]])],
    [/TABLE_ROWS/, table(facts, [['shop', 'orders', 'BASE TABLE', '3', engine]])],
    [/STATISTICS/, keys ? table(INDEX, [['shop', 'orders', 'PRIMARY', '0', 'id', '']]) : NO_ROWS],
  ];
  return (statement: string) => {
    said.push(statement);
    return known.find(([pattern]) => pattern.test(statement))?.[1] ?? standardAnswer(statement);
  };
}

/** Its test, and every statement that it was asked. */
export async function check(server: Server, host = '127.0.0.1') {
  const said: string[] = [];
  const { log } = server;
  const lab = host === '127.0.0.1' ? {} : { lab: { names: { [host]: ['127.0.0.1'] } } };
  const { report, step } = await testAgainst(
    startFakeMysql({ statement: answers(said, server), ...(log ? { log: () => log } : {}) }),
    {
      config: { host },
      checks: ['cdc'],
      ...lab,
    },
  );
  return { report, step, said };
}
