import type { StepOutcome } from '../../probe.ts';
import { amount, type Check, type Evidence, isTrue, numberOf, size, span } from './check.ts';

const LONG_TRANSACTION_S = 30 * 60;
const DAY_S = 86_400;
/** How long the server must have counted its WAL. */
const KNOWN_S = 3600;

/** A new slot waits for every transaction that was open before it. */
export const TRANSACTIONS_CHECK: Check = {
  id: 'cdc_transactions',
  title: 'CDC: no long transaction',
  run: ({ row, facts }) => {
    const now = numberOf(row, 'now') ?? 0;
    const [open, prepared] = ['oldest_transaction', 'oldest_prepared'].map(
      (name) => now - (numberOf(row, name) ?? now),
    ) as [number, number];
    const warned = (what: string) =>
      ({ warning: { code: 'CDC_LONG_TRANSACTION', facts: { ...facts, what } } }) as const;
    if (prepared >= LONG_TRANSACTION_S)
      return warned(`${minutes(prepared)}, prepared and neither committed nor rolled back (pg_prepared_xacts)`);
    if (!isTrue(row, 'sees_transactions'))
      return { skip: 'without pg_read_all_stats only our own sessions can be seen' };
    if (open < LONG_TRANSACTION_S) return {};
    return warned(minutes(open));
  },
};

const minutes = (seconds: number) => `${Math.round(seconds / 60)} minutes`;

/** How much a slot may hold back, and so how long its consumer may be down. */
export const HEADROOM_CHECK: Check = {
  id: 'cdc_wal_keep',
  title: 'CDC: headroom of a consumer',
  run: (evidence) => {
    const { row, facts, session } = evidence;
    const keep = row['wal_keep'];
    if (keep === null || keep === undefined) return { skip: 'this version cannot bound what a slot keeps' };
    const idle = amount(row['idle_slot']) ?? 0;
    const limits = `wal_sender_timeout ${session.clean(row['sender_timeout'], 20)}${idle > 0 ? `, idle slots end after ${span(idle)}` : ''}`;
    if (keep === '-1' && idle === 0)
      return { evidence: `max_slot_wal_keep_size unlimited, ${limits}`, warning: { code: 'CDC_UNBOUNDED_WAL', facts } };
    return headroom(evidence, idle, limits);
  },
};

function headroom({ row, facts, session }: Evidence, idleS: number, limits: string): StepOutcome {
  const bytes = amount(row['wal_keep']) ?? -1;
  const now = numberOf(row, 'now') ?? 0;
  const sinceS = now - (numberOf(row, 'wal_since') ?? now);
  const rate = (numberOf(row, 'wal_bytes') ?? 0) / Math.max(1, sinceS);
  // A mean of minutes says nothing of a day.
  const isKnown = rate > 0 && sinceS >= KNOWN_S;
  const byWalS = bytes >= 0 && isKnown ? bytes / rate : undefined;
  const pace = isKnown ? ` at ${size(rate * 3600)} an hour (the mean of ${span(sinceS)})` : '';
  const kept = `max_slot_wal_keep_size ${session.clean(row['wal_keep'], 20)}`;
  const seconds = Math.min(byWalS ?? Number.POSITIVE_INFINITY, idleS > 0 ? idleS : Number.POSITIVE_INFINITY);
  if (!Number.isFinite(seconds)) return { evidence: `${kept}, ${limits}` };
  const evidence = `${kept}: a consumer may be down for ${span(seconds)}${pace}, ${limits}`;
  if (seconds >= DAY_S) return { evidence };
  return { evidence, warning: { code: 'CDC_HEADROOM', facts: { ...facts, what: `more than ${span(seconds)}` } } };
}
