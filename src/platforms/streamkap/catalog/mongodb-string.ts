import { composed } from '../../../secrets/composed.ts';
import { Secret } from '../../../secrets/secret.ts';

type Config = Readonly<Record<string, unknown>>;

export const CONNECTION = 'mongodb.connection.string.user.defined';

export const isAtlasHost = (host: string) => /\.mongodb\.net\.?$/i.test(host);

/** Addresses of Atlas say by DNS where their servers are, unless somebody names one of these with its port. */
const isSrv = ({ host, port }: Config) => port === undefined && isAtlasHost(String(host));

/** The connection string, of the portable names that were given in its place. */
export function composedString(config: Config): Config {
  const { host, port, username, password } = config;
  if (config[CONNECTION] !== undefined || host === undefined) return config;
  const account =
    username === undefined
      ? []
      : [
          { inUrl: String(username) },
          ...(password === undefined ? [] : [':', { inUrl: password instanceof Secret ? password : String(password) }]),
          '@',
        ];
  const place = isSrv(config) ? String(host) : `${bracketed(String(host))}:${port ?? 27017}`;
  const scheme = isSrv(config) ? 'mongodb+srv://' : 'mongodb://';
  return { ...config, [CONNECTION]: composed(scheme, ...account, `${place}/${parameters(config)}`) };
}

const bracketed = (host: string) => (host.includes(':') ? `[${host.replace(/^\[|\]$/g, '')}]` : host);

/** A user is sought in `admin`, as it is without a database in the address. */
function parameters({ auth_source, replica_set, tls_mode }: Config): string {
  const isTls = tls_mode === undefined || tls_mode === 'prefer' ? undefined : tls_mode !== 'disable';
  const query = new URLSearchParams({
    ...(auth_source === undefined ? {} : { authSource: String(auth_source) }),
    ...(replica_set === undefined ? {} : { replicaSet: String(replica_set) }),
    ...(isTls === undefined ? {} : { tls: String(isTls) }),
    ...(tls_mode === 'require' ? { tlsInsecure: 'true' } : {}),
    ...(tls_mode === 'verify-ca' ? { tlsAllowInvalidHostnames: 'true' } : {}),
  });
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
