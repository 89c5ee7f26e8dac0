import { timingSafeEqual } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Principal } from '../../sources/principal.ts';
import { type Caller, callerKey } from './caller.ts';
import { createTokenFile, hashOf, type TokenRecord, unusable } from './tokens.ts';

const LOOK_AGAIN_MS = 1000;
const ABSENT: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR']);
const BEARER = /^Bearer ([\w-]{1,200})$/i;

/** Tells callers by their tokens. Looks at the file at most once a second, so a revoked token is refused within one. */
export interface Authenticator {
  /** Whether there are any tokens at all. @throws HeadwaterError STORE_UNAVAILABLE */
  hasTokens(): Promise<boolean>;
  /**
   * Who sends this Authorization header; `undefined` for nobody we know.
   * @throws HeadwaterError STORE_UNAVAILABLE
   */
  callerOf(authorization: string | undefined): Promise<Caller | undefined>;
  /**
   * Tells of callers from before who is one no more.
   * @throws HeadwaterError STORE_UNAVAILABLE
   */
  revoked(): Promise<(caller: Caller) => boolean>;
}

export interface AuthenticatorOptions {
  /** The token file. */
  path: string;
  /** Who calls without a token, for as long as there has been no token file. */
  anonymous?: Principal | undefined;
  /** Monotonic milliseconds. */
  clock?: () => number;
}

export function createAuthenticator({
  path,
  anonymous,
  clock = () => performance.now(),
}: AuthenticatorOptions): Authenticator {
  const file = createTokenFile(path);
  let records: readonly TokenRecord[] = [];
  let version: string | undefined;
  let looked = Number.NEGATIVE_INFINITY;
  /** For good: neither revoking the last token nor losing the file may open the door. */
  let needsToken = anonymous === undefined;

  const look = async (): Promise<readonly TokenRecord[]> => {
    if (clock() - looked < LOOK_AGAIN_MS) return records;
    const at = clock();
    const found = await versionOf(path);
    if (found !== undefined) needsToken = true;
    if (found !== version) {
      records = found === undefined ? [] : await file.list();
      version = found;
    }
    looked = at;
    return records;
  };
  let looking: Promise<readonly TokenRecord[]> | undefined;
  const current = () => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };

  return {
    hasTokens: async () => (await current()).length > 0,
    async callerOf(authorization) {
      const known = await current();
      if (authorization === undefined) return needsToken || !anonymous ? undefined : { principal: anonymous };
      const token = BEARER.exec(authorization)?.[1];
      return token === undefined ? undefined : holderOf(token, known);
    },
    async revoked() {
      const holders = new Set((await current()).map((record) => callerKey(callerOf(record))));
      return (caller) => (caller.token === undefined ? needsToken : !holders.has(callerKey(caller)));
    },
  };
}

/** Every record is compared, so that the time says nothing of which one came close. */
function holderOf(token: string, records: readonly TokenRecord[]): Caller | undefined {
  const given = Buffer.from(hashOf(token), 'hex');
  let found: TokenRecord | undefined;
  for (const record of records) if (timingSafeEqual(Buffer.from(record.hash, 'hex'), given)) found = record;
  return found && callerOf(found);
}

function callerOf({ tenant, name: subject, role, hash }: TokenRecord): Caller {
  return { principal: { tenant, subject, role }, token: hash };
}

/** Changes whenever the file is replaced; `undefined` where there is none. */
async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch (error) {
    // A file that cannot be looked at may hold tokens.
    if (error instanceof Error && 'code' in error && ABSENT.has(error.code)) return undefined;
    throw unusable();
  }
}
