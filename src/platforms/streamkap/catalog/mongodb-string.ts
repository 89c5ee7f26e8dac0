import { mongoString } from '../../../connectors/vendor/mongo-string.ts';

type Config = Readonly<Record<string, unknown>>;

export const CONNECTION = 'mongodb.connection.string.user.defined';

export const isAtlasHost = (host: string) => /\.mongodb\.net\.?$/i.test(host);

/** Addresses of Atlas say by DNS where their servers are, unless somebody names one of these with its port. */
const isSrv = ({ host, port }: Config) => port === undefined && isAtlasHost(String(host));

/** The connection string, of the portable names that were given in its place. */
export function composedString(config: Config): Config {
  const { host, port = 27_017, username, password, auth_source, replica_set, tls_mode } = config;
  if (config[CONNECTION] !== undefined || host === undefined) return config;
  const parts = { username, password, auth_source, replica_set, tls_mode };
  const made = isSrv(config)
    ? mongoString(String(host), parts, 'mongodb+srv')
    : mongoString(String(host), { ...parts, port });
  return { ...config, [CONNECTION]: made };
}
