import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** SCRAM as MongoDB speaks it (RFC 5802, RFC 7677; "Authentication", SCRAM-SHA-1 and SCRAM-SHA-256). */

export type ScramMechanism = 'SCRAM-SHA-1' | 'SCRAM-SHA-256';

const LEAST_ROUNDS = 4096;
/** A server may ask for as many as it likes, and each takes time here. MongoDB's own are 10,000 and 15,000. */
const MOST_ROUNDS = 250_000;
const NONCE_BYTES = 24;
/** A message is a nonce, a salt and a number, or one proof. */
const LONGEST_MESSAGE = 4096;
const KINDS = {
  'SCRAM-SHA-1': { hash: 'sha1', bytes: 20 },
  'SCRAM-SHA-256': { hash: 'sha256', bytes: 32 },
} as const;

/** Thrown where a server's message has not the form it must have. */
export class ScramFault extends Error {}

export interface ScramProof {
  message: string;
  /** Whether this last message of the server proves that it knows the password as well. */
  proves: (last: string) => boolean;
}

/** A login: `first` is sent, and the server's answer to it is what `prove` is given. */
export function scram(mechanism: ScramMechanism, username: string, password: string) {
  const { hash, bytes } = KINDS[mechanism];
  const nonce = randomBytes(NONCE_BYTES).toString('base64');
  const bare = `n=${username.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`;
  const secret = mechanism === 'SCRAM-SHA-1' ? digested(username, password) : prepared(password);
  return {
    first: `n,,${bare}`,
    async prove(answer: string): Promise<ScramProof> {
      const fields = fieldsOf(answer);
      const [theirs = '', salt = '', rounds] = [fields['r'], fields['s'], Number(fields['i'])];
      if (!theirs.startsWith(nonce) || theirs.length === nonce.length || salt === '') throw new ScramFault();
      if (!(rounds >= LEAST_ROUNDS && rounds <= MOST_ROUNDS)) throw new ScramFault();
      const salted = await promisify(pbkdf2)(secret, Buffer.from(salt, 'base64'), rounds, bytes, hash);
      const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
      const clientKey = hmac(salted, 'Client Key');
      const stored = createHash(hash).update(clientKey).digest();
      const final = `c=${Buffer.from('n,,').toString('base64')},r=${theirs}`;
      const exchange = `${bare},${answer},${final}`;
      const signature = hmac(stored, exchange);
      const proof = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] ?? 0)));
      const expected = hmac(hmac(salted, 'Server Key'), exchange);
      return {
        message: `${final},p=${proof.toString('base64')}`,
        proves: (last) => {
          const given = Buffer.from(fieldsOf(last)['v'] ?? '', 'base64');
          return given.length === expected.length && timingSafeEqual(given, expected);
        },
      };
    },
  };
}

function fieldsOf(message: string): Record<string, string> {
  if (message.length > LONGEST_MESSAGE) throw new ScramFault();
  const pairs = message.split(',').map((part) => [part.slice(0, 1), part.slice(2)] as const);
  return Object.fromEntries(pairs);
}

/** What the first mechanism of MongoDB kept of a password, the later one goes on from. */
function digested(username: string, password: string): string {
  return createHash('md5').update(`${username}:mongo:${password}`).digest('hex');
}

/** SASLprep (RFC 4013) as far as it changes a password: what is invisible goes, spaces are spaces, and one form for each. */
function prepared(password: string): string {
  return password
    .replaceAll(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, ' ')
    .replaceAll(/\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g, '')
    .normalize('NFKC');
}
