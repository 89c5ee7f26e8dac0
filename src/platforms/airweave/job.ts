import { z } from 'zod';
import type { ApiAnswer } from '../../net/api-client.ts';
import type { RunRecord } from '../../sources/source.ts';

const text = z.string().nullish().catch(undefined);
const count = z.number().nullish().catch(undefined);

/** A sync job (facts: airweave.md §8). */
const JOB = z.looseObject({
  id: text,
  status: z.string(),
  started_at: text,
  completed_at: text,
  entities_inserted: count,
  entities_updated: count,
  entities_deleted: count,
  entities_failed: count,
  error: text,
  error_category: text,
});

export interface Job extends RunRecord {
  category?: string;
}

const COUNTS = ['inserted', 'updated', 'deleted', 'failed'] as const;
const LONGEST = 300;

/** @returns undefined where it is none */
export function jobOf(json: unknown, clean: ApiAnswer['clean']): Job | undefined {
  const { data } = JOB.safeParse(json);
  if (!data) return undefined;
  const counts = COUNTS.flatMap((name) => {
    const value = data[`entities_${name}`];
    return typeof value === 'number' ? [[name, value] as const] : [];
  });
  return {
    ...(data.id ? { id: clean(data.id) } : {}),
    status: clean(data.status).toLowerCase(),
    ...(data.started_at ? { started_at: clean(data.started_at) } : {}),
    ...(data.completed_at ? { completed_at: clean(data.completed_at) } : {}),
    ...(counts.length > 0 ? { counts: Object.fromEntries(counts) } : {}),
    ...(data.error ? { error: clean(data.error).slice(0, LONGEST) } : {}),
    ...(data.error_category ? { category: clean(data.error_category) } : {}),
  };
}

/** Not over yet. */
export function isRunning({ status }: Job): boolean {
  return ['created', 'pending', 'running', 'cancelling'].includes(status);
}
