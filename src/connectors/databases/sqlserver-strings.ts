import { ConnectionStringFault, type ConnectionStringRules } from '../../secrets/connection-string.ts';

/** What Microsoft's clients call how much of a connection is encrypted, in lower case. */
const ENCRYPT: Readonly<Record<string, string>> = {
  true: 'verify-full',
  yes: 'verify-full',
  mandatory: 'verify-full',
  strict: 'verify-full',
  false: 'disable',
  no: 'disable',
  optional: 'disable',
  disable: 'disable',
};
const encrypt = { field: 'tls_mode', read: (text: string) => ENCRYPT[text.toLowerCase()] ?? text.toLowerCase() };
/** Half of a TLS mode, until it is combined with the other. */
const TRUST = 'trustservercertificate';
const trust = { field: TRUST, read: (text: string) => /^(true|yes)$/i.test(text) };
const database = { field: 'database' };
const username = { field: 'username' };
const password = { field: 'password' };

/** Keywords of ADO.NET, ODBC, OLE DB and JDBC that decide something, in lower case and without spaces. */
const KEYWORDS: Readonly<Record<string, { field: string; read?: (text: string) => unknown }>> = {
  server: { field: 'server' },
  datasource: { field: 'server' },
  address: { field: 'server' },
  addr: { field: 'server' },
  networkaddress: { field: 'server' },
  servername: { field: 'server' },
  port: { field: 'port', read: Number },
  portnumber: { field: 'port', read: Number },
  database,
  databasename: database,
  initialcatalog: database,
  userid: username,
  user: username,
  uid: username,
  username,
  password,
  pwd: password,
  encrypt,
  [TRUST]: trust,
};

const IGNORED: ReadonlySet<string> = new Set([
  'applicationname',
  'app',
  'applicationintent',
  'connecttimeout',
  'connectiontimeout',
  'commandtimeout',
  'logintimeout',
  'timeout',
  'driver',
  'provider',
  'language',
  'maxpoolsize',
  'minpoolsize',
  'multipleactiveresultsets',
  'multisubnetfailover',
  'packetsize',
  'persistsecurityinfo',
  'pooling',
  'sendstringparametersasunicode',
  'workstationid',
  'wsid',
]);

const OTHERS: Readonly<Record<string, string>> = {
  integratedsecurity: 'it asks for a Windows login; give a SQL login with User Id and Password',
  trustedconnection: 'it asks for a Windows login; give a SQL login with User Id and Password',
  authentication: 'it asks for a login by Microsoft Entra; give a SQL login with User Id and Password',
  attachdbfilename: 'it attaches a file; give the database of a server',
};

const JDBC = /^jdbc:sqlserver:\/\/([^;]*)(?:;(.*))?$/is;
const PAIR = /\s*([^=;]+?)\s*=\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|\{(?:[^}]|\}\})*\}|[^;]*?)\s*(?:;|$)/gsy;

function fits(text: string): boolean {
  return JDBC.test(text) || (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) && /^[^;=]+=/.test(text));
}

/** `Server=tcp:host,1433;Database=shop;…`, and JDBC's, which begins with the server. */
function parse(text: string): Record<string, unknown> {
  const jdbc = JDBC.exec(text);
  const found: Record<string, unknown> = jdbc?.[1] ? { server: jdbc[1].replace(/:(\d+)$/, ',$1') } : {};
  const pairs = jdbc ? (jdbc[2] ?? '') : text;
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < pairs.length && !/^[\s;]*$/.test(pairs.slice(PAIR.lastIndex))) {
    const [, name = '', quoted = ''] =
      PAIR.exec(pairs) ?? refuse('it is no list of NAME=VALUE, each ended by a semicolon');
    Object.assign(found, setting(name.replace(/[\s_]/g, '').toLowerCase(), unquoted(quoted), name));
  }
  const { server, ...rest } = found;
  return combined({ ...place(typeof server === 'string' ? server : refuse('it has no Server')), ...rest });
}

function setting(keyword: string, value: string, name: string): Record<string, unknown> {
  const other = Object.hasOwn(OTHERS, keyword) ? OTHERS[keyword] : undefined;
  if (other !== undefined && !/^(false|no|sqlpassword|)$/i.test(value.replaceAll(' ', ''))) return refuse(other);
  const rule = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
  if (rule) return { [rule.field]: rule.read ? rule.read(value) : value };
  if (other !== undefined || IGNORED.has(keyword)) return {};
  return refuse(`its keyword ${JSON.stringify(name.slice(0, 40))} is not permitted`);
}

/** `tcp:host,1433`: the protocol is what it is, and the port stands behind a comma. */
function place(server: string): Record<string, unknown> {
  const [, host = '', port] =
    /^(?:tcp:)?([^,]*?)\s*(?:,\s*(\d{1,5}))?$/i.exec(server) ?? refuse('its Server is no host');
  if (/^[a-z]+:/i.test(host)) return refuse('its Server is reached by another protocol than TCP');
  if (/[\\/]/.test(host)) return refuse('its Server names an instance; give its host and port: Server=HOST,PORT');
  const named = host === '.' || /^\(local(db)?\)$/i.test(host) ? 'localhost' : host;
  return { host: named, ...(port === undefined ? {} : { port: Number(port) }) };
}

function unquoted(value: string): string {
  const first = value[0] ?? '';
  if (first === '"' || first === "'") return value.slice(1, -1).replaceAll(first + first, first);
  return first === '{' ? value.slice(1, -1).replaceAll('}}', '}') : value;
}

function refuse(why: string): never {
  throw new ConnectionStringFault(why);
}

/** Encrypted, to a server whose certificate is not looked at. */
function combined({ [TRUST]: trusts, ...found }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (trusts !== true || found['tls_mode'] === 'disable') return found;
  return { ...found, tls_mode: 'require' };
}

/** Connection strings of SQL Server: URLs, and the forms of ADO.NET, ODBC and JDBC. */
export const SQLSERVER_STRINGS: ConnectionStringRules = {
  schemes: ['sqlserver', 'mssql', 'mssql+pymssql', 'mssql+pyodbc', 'tds'],
  parameters: {
    database,
    encrypt,
    trustServerCertificate: trust,
    TrustServerCertificate: trust,
    sslmode: { field: 'tls_mode' },
    schema: { field: 'schemas', read: (text) => text.split(',') },
  },
  ignored: ['driver', 'charset', 'app name', 'connection timeout', 'dial timeout', 'ApplicationName', 'packet size'],
  otherForm: { fits, parse, example: 'Server=HOST,PORT;Database=…;User Id=…;Password=…;Encrypt=True' },
  finish: combined,
};
