import { createHash, randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { HeadwaterError } from '../../errors.ts';
import { makePrivateFolder, syncFolder } from '../../secrets/private-folder.ts';
import { PRINCIPAL_ROLES, type PrincipalRole } from '../../sources/principal.ts';

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
  /** @returns what was revoked; nothing where there is no such token */
  revoke(id: string): Promise<TokenRecord | undefined>;
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
      await alone(path, async () => replace(path, [...(await list()), record]));
      return { token, record };
    },
    revoke: (id) =>
      alone(path, async () => {
        const records = await list();
        const revoked = records.find((record) => record.id === id);
        if (revoked)
          await replace(
            path,
            records.filter((record) => record !== revoked),
          );
        return revoked;
      }),
  };
}

export function hashOf(token: string): string {
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

export function unusable(): HeadwaterError {
  return new HeadwaterError('STORE_UNAVAILABLE', 'The token file cannot be read.', {
    hint: 'A person must restore tokens.json in HEADWATER_HOME, or move it away and add tokens anew.',
    retryable: false,
  });
}

const LOCK_WAIT_MS = 5_000;
const LOCK_LOOK_MS = 20;

/** One process at a time, so that none writes back what another has just revoked. */
async function alone<T>(path: string, change: () => Promise<T>): Promise<T> {
  await makePrivateFolder(dirname(path));
  const lock = `${path}.lock`;
  for (let waited = 0; ; waited += LOCK_LOOK_MS) {
    try {
      await (await open(lock, 'wx', 0o600)).close();
      break;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw unusable();
      // Nobody holds it for longer than a write takes: whoever made it is gone.
      if (waited >= LOCK_WAIT_MS) await rm(lock, { force: true });
      else await sleep(LOCK_LOOK_MS);
    }
  }
  try {
    return await change();
  } finally {
    await rm(lock, { force: true });
  }
}

async function replace(path: string, records: readonly TokenRecord[]): Promise<void> {
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
