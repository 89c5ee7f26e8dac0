import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** The server's side of SCRAM (RFC 5802), from nothing but what a server stores of a password. */

export type Mechanism = 'SCRAM-SHA-1' | 'SCRAM-SHA-256';

const KINDS = {
  'SCRAM-SHA-1': { hash: 'sha1', bytes: 20, rounds: 10_000 },
  'SCRAM-SHA-256': { hash: 'sha256', bytes: 32, rounds: 15_000 },
} as const;

export interface Stored {
  salt: string;
  rounds: number;
  storedKey: Buffer;
  serverKey: Buffer;
}

export function stored(mechanism: Mechanism, username: string, password: string, rounds?: number): Stored {
  const { hash, bytes, rounds: usual } = KINDS[mechanism];
  const text =
    mechanism === 'SCRAM-SHA-1'
      ? createHash('md5').update(`${username}:mongo:${password}`).digest('hex')
      : password.normalize('NFKC');
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(text, salt, rounds ?? usual, bytes, hash);
  const hmac = (what: string) => createHmac(hash, salted).update(what).digest();
  return {
    salt: salt.toString('base64'),
    rounds: rounds ?? usual,
    storedKey: createHash(hash).update(hmac('Client Key')).digest(),
    serverKey: hmac('Server Key'),
  };
}

/** One login. Each method answers with the next message, or with nothing where the proof is wrong. */
export class ScramServer {
  readonly #hash: 'sha1' | 'sha256';
  readonly #first: string;
  readonly #second: string;
  readonly #of: Stored;

  constructor(mechanism: Mechanism, clientFirst: string, of: Stored) {
    this.#hash = KINDS[mechanism].hash;
    this.#first = clientFirst.replace(/^n,,/, '');
    const nonce = /r=([^,]+)/.exec(this.#first)?.[1] ?? '';
    this.#second = `r=${nonce}${randomBytes(18).toString('base64')},s=${of.salt},i=${of.rounds}`;
    this.#of = of;
  }

  get challenge(): string {
    return this.#second;
  }

  static usernameOf(clientFirst: string): string {
    const name = /n=([^,]*)/.exec(clientFirst.replace(/^n,,/, ''))?.[1] ?? '';
    return name.replaceAll('=2C', ',').replaceAll('=3D', '=');
  }

  finish(clientFinal: string): string | undefined {
    const [bare = '', proof = ''] = clientFinal.split(',p=');
    const nonce = /r=([^,]+)/.exec(bare)?.[1];
    if (nonce === undefined || !this.#second.startsWith(`r=${nonce},`)) return undefined;
    const exchange = `${this.#first},${this.#second},${bare}`;
    const hmac = (key: Buffer) => createHmac(this.#hash, key).update(exchange).digest();
    const given = Buffer.from(proof, 'base64');
    const signature = hmac(this.#of.storedKey);
    if (given.length !== signature.length) return undefined;
    const clientKey = Buffer.from(given.map((byte, i) => byte ^ (signature[i] ?? 0)));
    if (!createHash(this.#hash).update(clientKey).digest().equals(this.#of.storedKey)) return undefined;
    return `v=${hmac(this.#of.serverKey).toString('base64')}`;
  }
}
