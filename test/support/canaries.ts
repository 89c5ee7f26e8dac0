import type { Connector } from '../../src/connectors/define-connector.ts';
import { type Fields, isSecret } from '../../src/connectors/fields.ts';
import { AUTH } from '../../src/connectors/paths.ts';
import { keyPair } from './ssh-server.ts';

/** A config of a connector whose every secret is a canary: text that is found wherever it gets to. */
export interface CanaryConfig {
  /** `rest_api auth/token`. */
  label: string;
  connector: Connector;
  canaries: readonly string[];
  /** With its destination in place. */
  at: (place: { host: string; port: number; tls?: boolean }) => Record<string, unknown>;
}

export const CANARY_USER = 'reader';

/** What a client's key goes with: nobody's, and good for a hundred years. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBejCCAR+gAwIBAgIUYDnp1xj91QZYwDuzIs1phq4lzskwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGcmVhZGVyMCAXDTI2MTEyMDE1NDg0N1oYDzIxMjYxMDI3MTU0
ODQ3WjARMQ8wDQYDVQQDDAZyZWFkZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATvTegpK1jCnFGvqWnvrajkiLRkIe04o1WXLf21xoxWa3N610F4NQjDOPE2ZFK6
7X1Je0boOpTxWZIjOCCt0/pVo1MwUTAdBgNVHQ4EFgQU2duzwMxAWl8qzH7r9iaR
bc3dGx8wHwYDVR0jBBgwFoAU2duzwMxAWl8qzH7r9iaRbc3dGx8wDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAi50NzBNydzOxHHlDkeuBIdg+kTil
ZChW3RtGKMsR9tsCIQC+vSuTaou2yFKeVsClKHwhHbztUGvnFzCIRDEFk9S98Q==
-----END CERTIFICATE-----`;

/** Characters that every encoding writes in its own way. `n` keeps canaries apart. */
const hard = (n: number) => `CANARY${n}/p4ss "x"+%41\\z'&<`;
/** What can stand in the name of a host. */
const plain = (n: number) => `CANARY${n}p4ssword`;

/** One config for each secret field of each way to authenticate, from the definition alone. */
export function canaryConfigs(connectors: readonly Connector[], make: 'hard' | 'plain' = 'hard'): CanaryConfig[] {
  let n = 0;
  const next = () => (make === 'hard' ? hard : plain)(n++);
  return connectors.flatMap((connector) => {
    const ways = Object.entries(connector.auth ?? {}).filter(([, fields]) => secretsOf(fields).length > 0);
    const own = secretsOf(connector.fields).map((name) => one(connector, name, next()));
    return [...own, ...ways.map(([method, fields]) => viaAuth(connector, method, fields, next))];
  });
}

function secretsOf(fields: Fields): string[] {
  return Object.entries(fields).flatMap(([name, { facts }]) => (isSecret(facts) ? [name] : []));
}

/** The connector's own example without its secrets, which holds whatever else must be given. */
function base(connector: Connector): Record<string, unknown> {
  const gone = [AUTH, ...secretsOf(connector.fields)];
  return Object.fromEntries(Object.entries(connector.example).filter(([name]) => !gone.includes(name)));
}

function placed(connector: Connector, place: { host: string; port: number; tls?: boolean }): Record<string, unknown> {
  const named = (role: string) => Object.entries(connector.fields).find(([, { facts }]) => facts.role === role)?.[0];
  const [url, host, port, mode, user] = ['url', 'host', 'port', 'tls_mode', 'username'].map(named);
  const negotiates = mode !== undefined && connector.fields[mode]?.schema().safeParse('prefer').success;
  const clear = negotiates ? 'prefer' : 'disable';
  const found = {
    [url ?? '']: `${place.tls ? 'https' : 'http'}://${place.host}:${place.port}/base`,
    [host ?? '']: place.host,
    [port ?? '']: place.port,
    [mode ?? '']: place.tls ? 'verify-full' : clear,
    [user ?? '']: CANARY_USER,
  };
  delete found[''];
  return found;
}

function one(connector: Connector, name: string, canary: string): CanaryConfig {
  const isString = connector.fields[name]?.facts.class === 'secret_destination';
  return {
    label: `${connector.code} ${name}`,
    connector,
    canaries: [canary],
    at: (place) => {
      const whole = { ...base(connector), ...placed(connector, place) };
      if (!isString) return { ...whole, ...companions(name, canary, place), [name]: canary };
      const { database, tls_mode } = whole;
      const [scheme = ''] = connector.connectionString?.schemes ?? [];
      const account = `${CANARY_USER}:${encodeURIComponent(canary)}`;
      return { [name]: `${scheme}://${account}@${place.host}:${place.port}/${database}`, tls_mode };
    },
  };
}

/** What a secret is of use with. An SSH server is where the place is. */
function companions(name: string, canary: string, { host, port }: { host: string; port: number }) {
  if (name === 'tls_key') return { tls_cert: CERTIFICATE };
  if (!name.startsWith('ssh_')) return {};
  const ssh = { ssh_host: host, ssh_port: port, ssh_username: CANARY_USER };
  return name === 'ssh_passphrase' ? { ...ssh, ssh_private_key: lockedWith(canary) } : ssh;
}

const locked = new Map<string, string>();
function lockedWith(passphrase: string): string {
  const key = locked.get(passphrase) ?? keyPair('ed25519', passphrase, 1).privateKey;
  locked.set(passphrase, key);
  return key;
}

function viaAuth(connector: Connector, method: string, fields: Fields, next: () => string): CanaryConfig {
  const values = Object.fromEntries(
    Object.entries(fields).flatMap(([name, { facts, schema }]) => {
      if (isSecret(facts)) return [[name, next()]];
      const [example] = facts.examples ?? [];
      return example === undefined && schema().isOptional() ? [] : [[name, example ?? CANARY_USER]];
    }),
  );
  const canaries = secretsOf(fields).map((name) => String(values[name]));
  return {
    label: `${connector.code} ${AUTH} ${method}`,
    connector,
    canaries,
    at: (place) => ({ ...base(connector), ...placed(connector, place), [AUTH]: { method, ...values } }),
  };
}

const ENCODINGS: readonly ((text: string) => string)[] = [
  (text) => text,
  encodeURIComponent,
  (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
  encodeURI,
  (text) => new URLSearchParams({ v: text }).toString().slice(2),
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
  (text) => text.replaceAll("'", "''"),
  (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
  (text) => Buffer.from(text).toString('hex'),
  (text) => Buffer.from(text).toString('hex').toUpperCase(),
  (text) => Buffer.from(text).toString('base64'),
  (text) => Buffer.from(text).toString('base64url'),
  (text) => Buffer.from(`${CANARY_USER}:${text}`).toString('base64'),
  (text) => Buffer.from(`someone:${text}`).toString('base64'),
  (text) => Buffer.from(`{"key":"${text}"}`).toString('base64'),
  (text) => Buffer.from(`xy${text}`).toString('base64url'),
];

/** Every way a server could write a secret down. */
export function formsOf(canaries: readonly string[]): string[] {
  return [...new Set(canaries.flatMap((canary) => ENCODINGS.map((encode) => encode(canary))))];
}

/** What betrays a canary: enough of it to be no accident, in clear, in hex, or in base64 at any offset. */
function tracesOf(canary: string): string[] {
  const part = canary.slice(0, 10);
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.from('x'.repeat(offset) + part)
      .toString('base64')
      .slice(offset === 0 ? 0 : offset + 1, -4),
  );
  return [canary.slice(0, 9), Buffer.from(part).toString('hex'), ...base64].map((trace) => trace.toLowerCase());
}

/** Where canaries are found among texts, whatever the case of their letters. */
export function canariesIn(places: Readonly<Record<string, string>>, canaries: readonly string[]): string[] {
  return Object.entries(places).flatMap(([place, text]) => {
    const lower = text.toLowerCase();
    return [...new Set(canaries.flatMap(tracesOf))].flatMap((trace) => {
      const at = lower.indexOf(trace);
      return at < 0 ? [] : [`${place}: …${text.slice(Math.max(0, at - 120), at + 60)}…`];
    });
  });
}
