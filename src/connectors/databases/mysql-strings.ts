import type { ConnectionStringRules } from '../../secrets/connection-string.ts';

/** What clients of MySQL and MariaDB call their TLS modes, in lower case; words that are ours already stay. */
const MODES: Readonly<Record<string, string>> = {
  disabled: 'disable',
  preferred: 'prefer',
  required: 'require',
  verify_ca: 'verify-ca',
  verify_identity: 'verify-full',
  trust: 'require',
};

/**
 * On or off, as Go's driver, Prisma, Node's and Java's say it. Of the option objects that Node's takes only the safe one
 * is known: another could turn any check off.
 */
const SWITCHES: Readonly<Record<string, string>> = {
  true: 'require',
  1: 'require',
  false: 'disable',
  0: 'disable',
  'skip-verify': 'require',
  accept_invalid_certs: 'require',
  strict: 'verify-full',
  preferred: 'prefer',
  '{"rejectunauthorized":true}': 'verify-full',
};

const mode = { field: 'tls_mode', read: (text: string) => MODES[text.toLowerCase()] ?? text.toLowerCase() };
const turned = { field: 'tls_mode', read: (text: string) => SWITCHES[text.toLowerCase()] ?? mode.read(text) };

/** Connection strings of everything that speaks MySQL's protocol, by the scheme's first word. */
export function mysqlStrings(first: 'mysql' | 'mariadb'): ConnectionStringRules {
  const second = first === 'mysql' ? 'mariadb' : 'mysql';
  return {
    schemes: [first, second, 'mysql2', 'mysql+pymysql', 'mysql+mysqldb', 'mysql+mysqlconnector', 'mariadb+pymysql'],
    parameters: {
      'ssl-mode': mode,
      ssl_mode: mode,
      sslmode: mode,
      sslMode: mode,
      ssl: turned,
      tls: turned,
      useSSL: turned,
      sslaccept: turned,
    },
    ignored: [
      'charset',
      'collation',
      'characterEncoding',
      'useUnicode',
      'connectTimeout',
      'connect_timeout',
      'timeout',
      'connection_limit',
      'connectionLimit',
      'pool_timeout',
      'socket_timeout',
      'parseTime',
      'loc',
      'timezone',
      'serverTimezone',
      'autoReconnect',
      'reconnect',
      'zeroDateTimeBehavior',
    ],
  };
}
