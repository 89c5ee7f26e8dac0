import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { HeadwaterError } from '../../errors.ts';
import { makePrivateFolder, syncFolder } from '../../secrets/private-folder.ts';
import { PRINCIPAL_ROLES, type Principal, type PrincipalRole } from '../../sources/principal.ts';

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,63}$/u;

const RECORDS = z.array(
  z.strictObject({
    id: z.string().regex(/^[0-9a-f]{8}$/),
    name: z.string().regex(NAME),
    tenant: z.string().regex(NAME),
    role: z.enum(PRINCIPAL_ROLES),
    /** SHA-256 of the token, hex. Tokens are 256 random bits, so a fast hash is enough. */
    hash: z.string().regex(/^[0-9a-f]{64}$/),
    created_at: z.string(),
  }),
);

/** A bearer token as it is kept: whose it is and what it may do, never the token. */
export type TokenRecord = z.output<typeof RECORDS>[number];

export interface NewToken {
  name: string;
  tenant: string;
  role: PrincipalRole;
}

/** The file of token hashes. Every change replaces it whole, so that a server never reads half of one. */
export interface TokenFile {
  list(): Promise<TokenRecord[]>;
  /** @returns the token, which is shown this once */
  add(token: NewToken, now: Date): Promise<{ token: string; record: TokenRecord }>;
  /** @returns false where there is no such token */
  revoke(id: string): Promise<boolean>;
}

export function createTokenFile(path: string): TokenFile {
  const list = async () => parse(await readFile(path, 'utf8').catch(absent));
  return {
    list,
    async add({ name, tenant, role }, now) {
      for (const text of [name, tenant]) {
        if (!NAME.test(text))
          throw new HeadwaterError(
            'INVALID_ARGUMENTS',
            'Names and tenants are 1 to 64 letters, digits, spaces or . _ @ -',
          );
      }
      const id = randomBytes(4).toString('hex');
      const token = `hw_${id}_${randomBytes(32).toString('base64url')}`;
      const record = { id, name, tenant, role, hash: hashOf(token), created_at: now.toISOString() };
      await replace(path, [...(await list()), record]);
      return { token, record };
    },
    async revoke(id) {
      const records = await list();
      const rest = records.filter((record) => record.id !== id);
      if (rest.length === records.length) return false;
      await replace(path, rest);
      return true;
    },
  };
}

const LOOK_AGAIN_MS = 1000;

/** Tells callers by their tokens. Looks at the file at most once a second, so a revoked token is refused within one. */
export interface Authenticator {
  /** Whether there are any tokens at all. */
  hasTokens(): Promise<boolean>;
  /** Who the token stands for; `undefined` for one that is unknown or revoked. */
  principalOf(token: string): Promise<Principal | undefined>;
}

export function createAuthenticator(path: string, clock: () => number = () => performance.now()): Authenticator {
  const file = createTokenFile(path);
  let records: TokenRecord[] = [];
  let version: string | undefined;
  let looked = Number.NEGATIVE_INFINITY;
  const current = async () => {
    if (clock() - looked < LOOK_AGAIN_MS) return records;
    const facts = await stat(path).catch(() => undefined);
    const found = facts && `${facts.mtimeMs} ${facts.size} ${facts.ino}`;
    if (found !== version) {
      records = found === undefined ? [] : await file.list();
      version = found;
    }
    looked = clock();
    return records;
  };
  return {
    hasTokens: async () => (await current()).length > 0,
    async principalOf(token) {
      const given = Buffer.from(hashOf(token), 'hex');
      // Every record is compared, so that the time says nothing of which one came close.
      let found: TokenRecord | undefined;
      for (const record of await current()) if (timingSafeEqual(Buffer.from(record.hash, 'hex'), given)) found = record;
      return found && { tenant: found.tenant, subject: found.name, role: found.role };
    },
  };
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function absent(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '[]';
  throw unusable();
}

function parse(text: string): TokenRecord[] {
  try {
    return RECORDS.parse(JSON.parse(text));
  } catch {
    throw unusable();
  }
}

function unusable(): HeadwaterError {
  return new HeadwaterError('STORE_UNAVAILABLE', 'The token file cannot be read.', {
    hint: 'A person must restore tokens.json in HEADWATER_HOME, or move it away and add tokens anew.',
    retryable: false,
  });
}

async function replace(path: string, records: readonly TokenRecord[]): Promise<void> {
  await makePrivateFolder(dirname(path));
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(records, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncFolder(dirname(path));
}
