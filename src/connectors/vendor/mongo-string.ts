import { composed } from '../../secrets/composed.ts';
import { Secret } from '../../secrets/secret.ts';
import type { VendorField, VendorFields } from './field.ts';

/** The parts of a MongoDB connection string, for platforms that take it whole. */
const part = (field: Pick<VendorField, 'title' | 'description'> & Partial<VendorField>): VendorField => ({
  type: 'string',
  virtual: true,
  ...field,
});

export const MONGO_PARTS: VendorFields = {
  port: part({ type: 'port', title: 'Port', description: 'Port of that host.', role: 'port' }),
  username: part({ title: 'User', description: 'The user to log in as.', role: 'username' }),
  password: part({ title: 'Password', description: "The user's password.", role: 'password', secret: true }),
  database: part({ title: 'Database', description: 'The database to read.', role: 'database' }),
  auth_source: part({ title: 'Login database', description: 'Where the user was created.', role: 'auth_source' }),
  replica_set: part({ title: 'Replica set', description: 'Name of the replica set.', role: 'replica_set' }),
  tls_mode: part({
    title: 'TLS mode',
    description: 'How far TLS goes.',
    role: 'tls_mode',
    enum: ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'],
  }),
};

export const MONGO_PART_NAMES: readonly string[] = Object.keys(MONGO_PARTS);

/** What of a URL's query makes each TLS mode; `prefer` is nothing that MongoDB knows. */
const TLS: Readonly<Record<string, string>> = {
  disable: 'tls=false',
  require: 'tls=true&tlsAllowInvalidCertificates=true',
  'verify-ca': 'tls=true&tlsAllowInvalidHostnames=true',
  'verify-full': 'tls=true',
};

/**
 * The connection string that host and parts make, with `mongodb+srv` of a name that DNS knows servers of; what stands for a password that nobody may see stands for the whole.
 * Source of the form: MongoDB, "Connection Strings".
 */
export function mongoString(
  host: string,
  parts: Readonly<Record<string, unknown>>,
  scheme: 'mongodb' | 'mongodb+srv' = 'mongodb',
): unknown {
  const { port, username, password, database, auth_source, replica_set, tls_mode } = parts;
  if (password !== undefined && !(password instanceof Secret)) return password;
  const query = [
    auth_source === undefined ? undefined : `authSource=${encodeURIComponent(String(auth_source))}`,
    replica_set === undefined ? undefined : `replicaSet=${encodeURIComponent(String(replica_set))}`,
    TLS[String(tls_mode)],
  ]
    .filter((pair) => pair !== undefined)
    .join('&');
  const user = username === undefined ? [] : [{ inUrl: String(username) }];
  const login = password === undefined ? user : [...user, ':', { inUrl: password }];
  const place = `${bracketed(host)}${port === undefined ? '' : `:${port}`}`;
  const path = database === undefined ? '' : encodeURIComponent(String(database));
  return composed(`${scheme}://`, ...login, login.length > 0 ? '@' : '', place, `/${path}`, query && `?${query}`);
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
