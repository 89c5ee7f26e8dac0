import { MONGODB_STRINGS } from '../../../connectors/databases/mongodb-strings.ts';
import { parseConnectionString } from '../../../secrets/connection-string.ts';

type Config = Readonly<Record<string, unknown>>;

const STRING = 'mongodb.connection.string';
const LOGIN = /^mongodb(?:\+srv)?:\/\/([^:@/?#]*)(?::([^@/?#]*))?@/i;
const USER = /^(mongodb(?:\+srv)?:\/\/)[^@/?#]*@/i;

export function credentialsIn(text: string): boolean {
  return USER.test(text);
}

/** The same without who logs in. */
export function withoutCredentials(text: string): string {
  return text.replace(USER, '$1');
}

/** A whole string, portable or the plugin's own: who logs in stands in settings of their own, which are not shown. */
export function withoutLogin({ connection_string: portable, ...config }: Config): Config {
  const text = portable ?? config[STRING];
  if (typeof text !== 'string' || text.startsWith('${'))
    return portable === undefined ? config : { ...config, [STRING]: portable };
  const [, user, password] = LOGIN.exec(text) ?? [];
  const home = user === undefined ? undefined : homeOf(text);
  return {
    ...(user === undefined ? {} : { 'mongodb.user': decoded(user) }),
    ...(password === undefined ? {} : { 'mongodb.password': decoded(password) }),
    ...(home === undefined ? {} : { 'mongodb.authsource': home }),
    ...config,
    [STRING]: withoutCredentials(text),
  };
}

/** Where the user of a string was made: what it says, or its database. */
function homeOf(text: string): string | undefined {
  const [, named] = /[?&]authSource=([^&]+)/i.exec(text) ?? [];
  const [, database] = /^mongodb(?:\+srv)?:\/\/[^/?#]*\/([^?#]+)/i.exec(text) ?? [];
  const found = named ?? database;
  return found === undefined ? undefined : decoded(found);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What portable names say of the cluster, as the plugin's own settings: they are the newer word. */
export function connectionStringOf({ host, port, replica_set, tls_mode, ...config }: Config): Config {
  const tls = tls_mode === undefined ? {} : tlsOf(String(tls_mode));
  if (host === undefined) return { ...config, ...tls };
  const name = String(host);
  const place = `${name.includes(':') ? `[${name}]` : name}:${port ?? 27_017}`;
  const set = replica_set === undefined ? '' : `?replicaSet=${encodeURIComponent(String(replica_set))}`;
  return { ...config, ...tls, [STRING]: `mongodb://${place}/${set}` };
}

/** There is no trying it without: what prefers TLS gets it. */
function tlsOf(mode: string): Config {
  if (mode === 'disable') return { 'mongodb.ssl.enabled': false };
  const loose = mode === 'verify-ca' ? { 'mongodb.ssl.invalid.hostname.allowed': true } : {};
  return { 'mongodb.ssl.enabled': true, ...loose };
}

/** What Headwater's own test takes of the string, where roles do not say it. */
export function partsOf(own: Config): Config {
  const text = own[STRING];
  const mode = own['tls_mode'] ?? modeOf(own);
  const tls = mode === undefined ? {} : { tls_mode: mode };
  // Given as single fields, which have roles.
  if (typeof text !== 'string' || own['host'] !== undefined) return tls;
  const { tls_mode: said, ...parts } = parseConnectionString(withoutCredentials(text), MONGODB_STRINGS);
  return { ...parts, ...(said === undefined ? tls : { tls_mode: said }) };
}

/** The first host of the string; undefined where DNS says which there are. */
export function placeIn(own: Config): { host: string; port: number } | undefined {
  const { host, port, srv } = partsOf(own);
  return srv === true || typeof host !== 'string' ? undefined : { host, port: Number(port ?? 27_017) };
}

function modeOf(own: Config): string | undefined {
  if (own['mongodb.ssl.enabled'] === true) {
    return own['mongodb.ssl.invalid.hostname.allowed'] === true ? 'verify-ca' : 'verify-full';
  }
  return String(own[STRING]).startsWith('mongodb+srv:') ? undefined : 'disable';
}
