import { z } from 'zod';
import type { HeadwaterError } from '../../errors.ts';
import type { ApiAnswer } from '../../net/api-client.ts';
import { refusalOf } from '../remote/refusal.ts';
import type { VendorSource } from '../remote/vendor.ts';

export const PLATFORM = 'camelAI';

const id = z.union([z.number().int(), z.string().regex(/^\d+$/)]).transform(String);

/** A connection as its API shows one: nothing of its config. */
const CONNECTION = z.looseObject({
  id,
  account_name: z.string().nullish().catch(undefined),
  type: z.string(),
  created_at: z.string().nullish().catch(undefined),
  is_fully_configured: z.boolean().nullish().catch(undefined),
});
export type Connection = z.output<typeof CONNECTION>;

const PAGE = z.looseObject({
  count: z.number().nullish().catch(undefined),
  next: z.string().nullish().catch(undefined),
  results: z.array(z.unknown()),
});

const CREATED = z.looseObject({ id, public_key_sql: z.string().nullish().catch(undefined) });

/** @throws HeadwaterError for anything but a connection */
export function connectionIn(answer: ApiAnswer): Connection {
  const result = CONNECTION.safeParse(answer.json);
  if (answer.status === 200 && result.success) return result.data;
  throw refused(answer);
}

export function createdIn(answer: ApiAnswer): z.output<typeof CREATED> {
  const result = CREATED.safeParse(answer.json);
  if (answer.status >= 200 && answer.status < 300 && result.success) return result.data;
  throw refused(answer);
}

/**
 * `next` is a whole address, and only its page is taken from it: where an answer says to go on at, the key is not taken
 * along.
 */
export function pageIn(answer: ApiAnswer, asked: number): { connections: Connection[]; total?: number; next?: number } {
  const result = PAGE.safeParse(answer.json);
  if (answer.status !== 200 || !result.success) throw refused(answer);
  const { count, next, results } = result.data;
  const connections = results.flatMap((item) => {
    const connection = CONNECTION.safeParse(item);
    return connection.success ? [connection.data] : [];
  });
  const goesOn = typeof next === 'string' && next !== '' && results.length > 0;
  return {
    connections,
    ...(typeof count === 'number' ? { total: count } : {}),
    ...(goesOn ? { next: pageOf(next, asked) } : {}),
  };
}

function pageOf(next: string, asked: number): number {
  const base = 'https://page.invalid';
  const said = URL.canParse(next, base) ? new URL(next, base).searchParams.get('page') : null;
  const page = Number(said);
  // One that leads back would go in a circle.
  return said !== null && Number.isInteger(page) && page > asked ? page : asked + 1;
}

/** A connection there as a source here. */
export function sourceIn({ id: vendorId, ...connection }: Connection): VendorSource {
  const { account_name: name, type, created_at: made, is_fully_configured: isReady, ...more } = connection;
  return {
    id: vendorId,
    name: name ?? '',
    connector: type.toUpperCase(),
    desiredState: 'Active',
    status: isReady === true ? 'Active' : isReady === false ? 'Pending' : 'Unknown',
    ...(isReady === false ? { platformStatus: 'not fully configured' } : {}),
    lastError: null,
    details: { ...more, ...(typeof isReady === 'boolean' ? { is_fully_configured: isReady } : {}) },
    createdAt: made ?? null,
    updatedAt: null,
  };
}

/** A refusal, its fields told as ours: the name of the account is the name of the source. */
export function refused(answer: ApiAnswer): HeadwaterError {
  return refusalOf(answer, { platform: PLATFORM, fieldOf });
}

function fieldOf(path: string): string {
  if (path === 'account_name') return '/name';
  return path === 'type' ? '/connector' : `/config/${path.replaceAll('.', '/')}`;
}
