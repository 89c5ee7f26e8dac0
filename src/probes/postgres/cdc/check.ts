import type { StepOutcome } from '../../probe.ts';
import type { Facts } from '../../problems/index.ts';
import type { Provider } from '../../providers/index.ts';
import type { Catalogue } from '../catalogue.ts';
import type { Trial } from '../replication.ts';
import type { Row, Session } from '../session.ts';

/** What a check of fitness for change data capture looks at. */
export interface Evidence {
  session: Session;
  facts: Facts;
  catalogue: Catalogue;
  /** One row of settings and counts; from outside, so clean it before it is shown. */
  row: Row;
  /** Whoever runs the server, where its name tells. */
  provider: Provider | undefined;
  /** What came of a replication session, once that is known. */
  trial: () => Promise<Trial>;
}

/** One check. It only reads; what is missing is handed out as statements. */
export interface Check {
  id: string;
  title: string;
  /** Longer than a look at a row, where it waits for a connection. */
  limitMs?: number;
  run: (evidence: Evidence) => StepOutcome | Promise<StepOutcome>;
}

/** A truth as the server writes it. */
export const isTrue = (row: Row, name: string): boolean => row[name] === 't';

export function numberOf(row: Row, name: string): number | undefined {
  const text = row[name];
  const number = Number(text);
  return text === null || text === undefined || !Number.isFinite(number) ? undefined : number;
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];
const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, min: 60, h: 3600, d: 86_400 };

/** A setting as the server writes it (`64MB`, `1d`), in bytes or seconds; undefined where it is unlimited or not there. */
export function amount(setting: string | null | undefined): number | undefined {
  const [, digits, unit = ''] = /^(\d+)\s?(\w*)$/.exec(setting ?? '') ?? [];
  if (digits === undefined) return undefined;
  const power = UNITS.indexOf(unit);
  return Number(digits) * (SECONDS[unit] ?? (power > 0 ? 1024 ** power : 1));
}

/** Bytes as a person reads them: `1.5 GB`. */
export function size(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** power;
  return `${value >= 10 || power === 0 ? Math.round(value) : Math.round(value * 10) / 10} ${UNITS[power]}`;
}

const SPANS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** Seconds as a person reads them: `3 hours`. */
export function span(seconds: number): string {
  const [unit, length] = SPANS.find(([, each]) => seconds >= each * 1.5) ?? SPANS[SPANS.length - 1] ?? ['minute', 60];
  const count = Math.max(1, Math.round(seconds / length));
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
