import type { Secret } from '../../secrets/secret.ts';
import { type Facts, StepFailure } from '../problems/index.ts';
import type { Greeting } from './greeting.ts';
import type { Packets } from './packets.ts';
import { PROOFS } from './passwords.ts';
import { Reader } from './reader.ts';
import { ERROR, serverError } from './server-error.ts';

/** "Capabilities Flags". LOCAL_FILES, MULTI_STATEMENTS and compression are never asked for. */
const CAPABILITIES = {
  LONG_PASSWORD: 0x1,
  LONG_FLAG: 0x4,
  PROTOCOL_41: 0x200,
  TLS: 0x800,
  TRANSACTIONS: 0x2000,
  SECURE_CONNECTION: 0x8000,
  PLUGIN_AUTH: 0x8_0000,
} as const;
const NEEDED = CAPABILITIES.PROTOCOL_41 | CAPABILITIES.SECURE_CONNECTION;
const WANTED =
  NEEDED | CAPABILITIES.LONG_PASSWORD | CAPABILITIES.LONG_FLAG | CAPABILITIES.TRANSACTIONS | CAPABILITIES.PLUGIN_AUTH;

const LONGEST_ANSWER = 0x100_0000;
const UTF8MB4 = 45;
const OK = 0x00;
const MORE = 0x01;
const SWITCH = 0xfe;
const FAST_DONE = 3;
const WANTS_PASSWORD = 4;
const MOST_ROUNDS = 8;
const UNREADABLE = 'its answer to a login cannot be read';

export function offersTls({ capabilities }: Greeting): boolean {
  return (capabilities & CAPABILITIES.TLS) !== 0;
}

/** Whether it speaks the protocol of MySQL 4.1 and newer, with passwords proven by a nonce. */
export function isModern({ capabilities }: Greeting): boolean {
  return (capabilities & NEEDED) === NEEDED;
}

/** The packet that asks for TLS ("Protocol::SSLRequest"): the start of a login, without a name. */
export function tlsRequest(greeting: Greeting): Buffer {
  return loginHead(greeting, true);
}

function loginHead({ capabilities }: Greeting, encrypted: boolean): Buffer {
  const head = Buffer.alloc(32);
  head.writeUInt32LE((WANTED & capabilities) | (encrypted ? CAPABILITIES.TLS : 0), 0);
  head.writeUInt32LE(LONGEST_ANSWER, 4);
  head[8] = UTF8MB4;
  return head;
}

export interface Account {
  username: string;
  password: Secret | undefined;
  /** Whether what is sent is encrypted. */
  encrypted: boolean;
}

/**
 * Logs in, without a database, in whichever way the server asks for. The password itself is sent over TLS only.
 * @returns the way that was used
 * @throws ServerError for its refusal, StepFailure for a way that is not taken
 */
export async function logIn(packets: Packets, greeting: Greeting, account: Account, facts: Facts): Promise<string> {
  const password = Buffer.from(account.password?.reveal() ?? '', 'utf8');
  // Where the server's standard way is not ours, it says which one the account has.
  let plugin = Object.hasOwn(PROOFS, greeting.plugin) ? greeting.plugin : 'mysql_native_password';
  const proof = password.length === 0 ? Buffer.alloc(0) : (PROOFS[plugin]?.(password, greeting.nonce) ?? password);
  packets.send(
    Buffer.concat([
      loginHead(greeting, account.encrypted),
      Buffer.from(`${account.username}\0`, 'utf8'),
      Buffer.from([proof.length]),
      proof,
      Buffer.from(`${plugin}\0`, 'latin1'),
    ]),
  );
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const payload = await packets.next();
    if (payload[0] === OK) return plugin;
    if (payload[0] === ERROR) throw readable(packets, () => serverError(payload));
    if (payload[0] === SWITCH) {
      const asked = readable(packets, () => switchRequest(payload));
      plugin = asked.plugin;
      packets.send(answerTo(asked, password, account, facts));
    } else if (wantsPassword(packets, payload, plugin)) packets.send(inFull(password, account, facts));
  }
  throw packets.broken(UNREADABLE);
}

/** What caching_sha2_password says next: that the proof was enough, or that the server has forgotten what to hold it to. */
function wantsPassword(packets: Packets, payload: Buffer, plugin: string): boolean {
  const [kind, what] = payload;
  const known = plugin === 'caching_sha2_password' && (what === WANTS_PASSWORD || what === FAST_DONE);
  if (kind !== MORE || payload.length !== 2 || !known) throw packets.broken(UNREADABLE);
  return what === WANTS_PASSWORD;
}

interface SwitchRequest {
  plugin: string;
  nonce: Buffer;
}

/** "Protocol::AuthSwitchRequest"; from servers before 5.5 it is a single byte. */
function switchRequest(payload: Buffer): SwitchRequest {
  if (payload.length === 1) return { plugin: 'mysql_old_password', nonce: Buffer.alloc(0) };
  const reader = new Reader(payload.subarray(1));
  const plugin = reader.zeroEnded().toString('latin1');
  return { plugin, nonce: reader.rest().subarray(0, 20) };
}

function answerTo({ plugin, nonce }: SwitchRequest, password: Buffer, account: Account, facts: Facts): Buffer {
  if (plugin === 'sha256_password') return password.length === 0 ? Buffer.from([0]) : inFull(password, account, facts);
  const prove = Object.hasOwn(PROOFS, plugin) ? PROOFS[plugin] : undefined;
  if (!prove) throw unsupported(plugin, facts);
  return password.length === 0 ? Buffer.alloc(0) : prove(password, nonce);
}

/** The password itself. A key that comes over the same clear line could be anybody's, so none is asked for. */
function inFull(password: Buffer, { encrypted }: Account, facts: Facts): Buffer {
  if (!encrypted) throw new StepFailure('LOGIN_NEEDS_TLS', facts);
  return Buffer.concat([password, Buffer.from([0])]);
}

/** What a server may name its ways to log in: from outside, so only names that are known are ever shown. */
const KNOWN_PLUGINS: ReadonlySet<string> = new Set([
  'mysql_old_password',
  'mysql_clear_password',
  'client_ed25519',
  'parsec',
  'dialog',
  'auth_gssapi_client',
  'authentication_kerberos_client',
  'authentication_ldap_sasl_client',
  'authentication_openid_connect_client',
  'authentication_webauthn_client',
]);

function unsupported(plugin: string, facts: Facts): StepFailure {
  const what = KNOWN_PLUGINS.has(plugin) ? plugin : 'one that is not known here';
  return new StepFailure('AUTH_METHOD_UNSUPPORTED', { ...facts, what, fix: SUPPORTED });
}

export const SUPPORTED =
  'Give this user a password by caching_sha2_password (MySQL) or mysql_native_password (MariaDB).';

function readable<T>(packets: Packets, read: () => T): T {
  try {
    return read();
  } catch {
    throw packets.broken(UNREADABLE);
  }
}
