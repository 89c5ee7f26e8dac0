import type { Audit, AuditEntry, KeepEntry } from './audit.ts';

const AFTER_ANSWER_MS = 200;
const MOST_WAITING = 100;

export interface Keeper {
  keepEntry: KeepEntry;
  /** Writes what still waits, and resolves when all is written. */
  settled: () => Promise<void>;
}

/**
 * Keeps entries of their own: those that may follow their answer together, a fifth of a second later, since a durable
 * write takes as long as a source takes to answer. Neither a test nor a refusal is held up by a trail that cannot be
 * written: `lost` then says what is missing there.
 */
export function createKeeper(audit: Pick<Audit, 'append'>, lost: (entry: AuditEntry) => void): Keeper {
  let waiting: AuditEntry[] = [];
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();

  const write = async (entries: readonly AuditEntry[]): Promise<void> => {
    // Where the store has just failed, trying again would only make the caller wait.
    const kept = entries.filter(({ codes }) => !codes.includes('STORE_UNAVAILABLE'));
    try {
      if (kept.length > 0) await audit.append(kept);
      entries.filter((entry) => !kept.includes(entry)).forEach(lost);
    } catch {
      entries.forEach(lost);
    }
  };
  const flush = (entry?: AuditEntry): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const entries = entry ? [...waiting, entry] : waiting;
    waiting = [];
    if (entries.length > 0) last = last.then(() => write(entries));
    return last;
  };

  return {
    async keepEntry(entry, { afterAnswer } = { afterAnswer: false }) {
      if (!afterAnswer) return await flush(entry);
      waiting.push(entry);
      if (waiting.length >= MOST_WAITING) void flush();
      else timer ??= setTimeout(flush, AFTER_ANSWER_MS, undefined);
    },
    settled: () => flush(),
  };
}
