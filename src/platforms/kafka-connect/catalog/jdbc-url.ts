import { notReached } from '../../../connectors/vendor/probed-as.ts';
import { reachedAt } from '../../../connectors/vendor/reached-at.ts';

const URL_FIELD = 'connection.url';

/** Ports of databases whose URLs may leave it out. */
const PORTS: Readonly<Record<string, number>> = {
  postgresql: 5432,
  mysql: 3306,
  mariadb: 3306,
  sqlserver: 1433,
  oracle: 1521,
  db2: 50_000,
  redshift: 5439,
  snowflake: 443,
};
/** `//host:port`, or Oracle's `@host:port`. */
const PLACE =
  /^jdbc:(?<kind>[a-z0-9]+):[^/@]*?(?:@?\/\/|@)(?:[^@/]*@)?(?<host>\[[^\]]+\]|[^:/?;,()]+)(?::(?<port>\d{1,5}))?/i;

/** Where a JDBC URL points. `unknown`: it names no host (a file, a descriptor). */
export function placeOf(url: string): { host: string; port: number } | 'unknown' | 'malformed' {
  const { kind = '', host = '', port } = PLACE.exec(url)?.groups ?? {};
  if (host === '') return /^jdbc:[a-z0-9]+:.+/i.test(url) ? 'unknown' : 'malformed';
  const number = port === undefined ? PORTS[kind.toLowerCase()] : Number(port);
  if (number === undefined) return 'unknown';
  return number >= 1 && number <= 65_535 ? { host: host.replace(/^\[|\]$/g, ''), port: number } : 'malformed';
}

/** As far as the connection, where the URL says where that goes. */
export const jdbcProbe = reachedAt(
  'the database',
  URL_FIELD,
  (own) => {
    const place = placeOf(String(own[URL_FIELD]));
    return typeof place === 'string' ? undefined : place;
  },
  notReached('the database', 'its JDBC URL names no host that can be read'),
);
