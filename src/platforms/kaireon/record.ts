import { z } from 'zod';
import { isObject } from '../../connectors/paths.ts';
import type { HeadwaterError } from '../../errors.ts';
import type { ApiAnswer } from '../../net/api-client.ts';
import { createRedactor } from '../../secrets/redact.ts';
import type { Secret } from '../../secrets/secret.ts';
import type { Status } from '../../sources/source.ts';
import { masked, secretsIn } from '../remote/in-clear.ts';
import { refusalOf } from '../remote/refusal.ts';
import type { VendorSource } from '../remote/vendor.ts';

export const PLATFORM = 'KaireonAI';

const stamp = z.string().nullish().catch(undefined);

/** A connector as its API answers with one: what is relied on, and everything else as it is. */
const RECORD = z.looseObject({
  id: z.union([z.string().min(1), z.number()]).transform(String),
  name: z.string(),
  type: z.string(),
  description: z.string().nullish().catch(undefined),
  config: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  connectionConfig: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  authMethod: z.string().nullish().catch(undefined),
  status: z.string().nullish().catch(undefined),
  lastTestedAt: stamp,
  lastError: z.string().nullish().catch(undefined),
  lastSyncRowCount: z.number().nullish().catch(undefined),
  lastSyncAt: stamp,
  createdAt: stamp,
  updatedAt: stamp,
});
export type KaireonRecord = z.output<typeof RECORD>;

/** Both shapes in which its pages tell where a list goes on. */
const LIST = z.looseObject({
  data: z.array(z.unknown()),
  pagination: z
    .looseObject({
      total: z.number().nullish().catch(undefined),
      hasMore: z.boolean().nullish().catch(undefined),
      cursor: z.string().nullish().catch(undefined),
      nextCursor: z.string().nullish().catch(undefined),
    })
    .nullish()
    .catch(undefined),
  total: z.number().nullish().catch(undefined),
  hasMore: z.boolean().nullish().catch(undefined),
  cursor: z.string().nullish().catch(undefined),
});

export interface KaireonPage {
  records: readonly KaireonRecord[];
  total?: number;
  next?: string;
}

const FORBIDDEN =
  'An operator must check that KAIREON_TENANT_ID is the tenant of the key, and that the key has the role editor or admin.';

/** A refusal in our words. The role of a key and its tenant are both behind one status. */
export function refused(answer: ApiAnswer, hint?: string): HeadwaterError {
  const told = answer.status === 403 ? FORBIDDEN : hint;
  return refusalOf(answer, { platform: PLATFORM, ...(told === undefined ? {} : { hint: told }) });
}

/** @throws HeadwaterError PLATFORM_UNAVAILABLE for what is no connector, or whatever the refusal is */
export function recordIn(answer: ApiAnswer): KaireonRecord {
  const { json } = answer;
  // Some of its routes wrap what they answer with.
  const inner = isObject(json) && json['id'] === undefined && isObject(json['data']) ? json['data'] : json;
  const result = RECORD.safeParse(inner);
  if (answer.status >= 200 && answer.status < 300 && result.success) return result.data;
  throw refused(answer);
}

/** `cursor` is documented as the id of the last item, and as opaque: where it is missing, the last id is taken. */
export function pageIn(answer: ApiAnswer): KaireonPage {
  const result = LIST.safeParse(answer.json);
  if (answer.status !== 200 || !result.success) throw refused(answer);
  const { data, pagination, ...flat } = result.data;
  const records = data.flatMap((item) => {
    const record = RECORD.safeParse(item);
    return record.success ? [record.data] : [];
  });
  const total = pagination?.total ?? flat.total ?? undefined;
  const hasMore = pagination?.hasMore ?? flat.hasMore ?? false;
  const next = pagination?.cursor ?? pagination?.nextCursor ?? flat.cursor ?? records.at(-1)?.id;
  return {
    records,
    ...(total === undefined ? {} : { total }),
    ...(hasMore && next !== undefined ? { next } : {}),
  };
}

/** Others are not documented, and not guessed at. */
const STATUSES: Readonly<Record<string, Status>> = { active: 'Active', error: 'Broken' };

/** Keys of `config` that hold secrets although it is shown in clear there. */
const SECRETS: readonly string[] = ['connectionString', 'apiKey'];
const AUTH_SECRETS = ['auth/password', 'auth/credentials'];
const OWN = new Set([
  'id',
  'name',
  'type',
  'description',
  'config',
  'connectionConfig',
  'authConfig',
  'status',
  'lastTestedAt',
  'lastError',
  'lastSyncRowCount',
  'lastSyncAt',
  'createdAt',
  'updatedAt',
]);

/** Ways to authenticate that the catalog has by KaireonAI's own word. */
const WAYS: ReadonlySet<string> = new Set(['access_key', 'iam_role']);

/** A connector there as a source here. Nothing of its secrets is in it, masked ones included. */
export function sourceIn(record: KaireonRecord, clean: (text: string) => string): VendorSource {
  const { id, name, type, description, status, authMethod, lastError, lastTestedAt, lastSyncAt } = record;
  const whole = configOf(record);
  const config = Object.fromEntries(
    Object.entries(whole)
      .filter(([key, value]) => !SECRETS.includes(key) && value !== null)
      .map(([key, value]) => [key, masked(key, value)]),
  );
  const secretsSet = [...SECRETS.filter((key) => typeof whole[key] === 'string' && whole[key] !== ''), ...AUTH_SECRETS];
  const inClear = inClearOf(record);
  const method = authMethod ?? 'access_key';
  const auth = WAYS.has(method) ? { method } : { method: 'other', auth_method: method };
  const details = Object.entries(record).filter(([key, value]) => !OWN.has(key) && value !== null);
  // A connection string may be what single fields were made into, and those are ours to know.
  const isComposed = type === 'mongodb' && whole['connectionString'] !== undefined;
  return {
    id,
    name,
    connector: type,
    ...(description ? { description } : {}),
    ...(isComposed ? { details: { ...Object.fromEntries(details.map(shown)), other_config: config } } : {}),
    ...(isComposed ? {} : { config: { ...config, auth }, details: Object.fromEntries(details.map(shown)) }),
    secretsSet,
    inClear,
    desiredState: 'Active',
    status: STATUSES[status?.toLowerCase() ?? ''] ?? 'Unknown',
    ...(status ? { platformStatus: clean(status) } : {}),
    // Earlier versions left warnings there after a test that passed.
    lastError:
      status?.toLowerCase() === 'active' || !lastError ? null : createRedactor(inClear).clean(clean(lastError)),
    ...(lastTestedAt ? { lastTestedAt } : {}),
    ...(lastSyncAt ? { last_sync_at: lastSyncAt } : {}),
    ...(typeof record.lastSyncRowCount === 'number' ? { last_sync_row_count: record.lastSyncRowCount } : {}),
    createdAt: record.createdAt ?? null,
    updatedAt: record.updatedAt ?? null,
  };
}

/** Secrets that it shows, and those that it should not have shown: errors like to repeat what they were about. */
export function inClearOf(record: KaireonRecord): Secret[] {
  const whole = configOf(record);
  const own = SECRETS.flatMap((key) => secretsIn(key, whole[key], true));
  const { authConfig, ...rest } = record;
  return [...own, ...secretsIn('authConfig', authConfig, true), ...secretsIn('', { ...rest, lastError: '' })];
}

/** Both names are taken there, and merged. */
export function configOf({ config, connectionConfig }: KaireonRecord): Readonly<Record<string, unknown>> {
  return { ...connectionConfig, ...config };
}

function shown([key, value]: [string, unknown]): [string, unknown] {
  return [key, masked(key, value)];
}
