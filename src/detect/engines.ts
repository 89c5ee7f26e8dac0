/** What files call an engine, and its connector. Engines without one are told of, so that nobody searches for them. */
const ENGINES: Readonly<Record<string, readonly string[]>> = {
  postgresql: ['postgresql', 'postgres', 'pg', 'psql', 'supabase', 'neon', 'timescale', 'timescaledb', 'postgis'],
  mysql: ['mysql', 'mysql2', 'percona', 'cleardb', 'jawsdb', 'planetscale', 'singlestore'],
  mariadb: ['mariadb'],
  mongodb: ['mongodb', 'mongo', 'mongoose'],
  sqlserver: ['sqlserver', 'mssql', 'tedious', 'sql_server', 'azure_sql', 'azuresql', 'synapse', 'fabric'],
  oracle: ['oracle', 'oracledb'],
  redshift: ['redshift'],
  snowflake: ['snowflake'],
  bigquery: ['bigquery'],
  databricks: ['databricks'],
  clickhouse: ['clickhouse'],
  cockroachdb: ['cockroachdb', 'cockroach'],
  dynamodb: ['dynamodb'],
  redis: ['redis'],
};

const BY_WORD = new Map(Object.entries(ENGINES).flatMap(([code, words]) => words.map((word) => [word, code] as const)));

/** The code of an engine's connector; undefined for words that name none. */
export function engineOf(word: string): string | undefined {
  return BY_WORD.get(word.toLowerCase());
}
