import type { StepOutcome } from '../../probe.ts';
import { type ProblemDetails, StepFailure } from '../../problems/index.ts';
import { providerOf } from '../../providers/index.ts';
import { RDS_RETENTION, WRITTEN } from '../queries.ts';
import { settingFix } from '../remedies.ts';
import type { Session } from '../session.ts';
import type { Check, Variables } from './look.ts';

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
const SHORTEST_S = DAY_S;
const GOOD_S = 7 * DAY_S;
const GOOD_HOURS = GOOD_S / HOUR_S;

/** For how long a consumer may be down: what it has not read by then is gone, and it starts anew. */
export const RETENTION_CHECKS: readonly Check[] = [
  {
    id: 'cdc_retention',
    title: 'CDC: retention of the binary log',
    run: async ({ variables }, session) => {
      const kept = await retention(variables, session);
      if (!kept) return { skip: 'the server does not say' };
      if (kept.seconds === 0) return { evidence: 'kept without limit of time' };
      return judged(session, kept.seconds, '', longer(variables, session, kept));
    },
  },
  {
    id: 'cdc_log_size',
    title: 'CDC: size of the binary log',
    run: async ({ variables }, session) => {
      const limit = Number(variables.get('max_binlog_total_size') ?? variables.get('binlog_space_limit') ?? 0);
      if (!(limit > 0)) return { evidence: 'not limited' };
      const seconds = await filledIn(session, limit);
      if (seconds === undefined) return { evidence: `the newest ${gigabytes(limit)} are kept` };
      const at = ` at what is written on average (${gigabytes(limit)} are kept)`;
      return judged(session, seconds, at, {});
    },
  },
];

function judged(session: Session, seconds: number, how: string, fix: ProblemDetails): StepOutcome {
  const evidence = `a consumer may be down for ${duration(seconds)} before a resync${how}`;
  if (seconds >= GOOD_S) return { evidence };
  const facts = { ...session.facts, what: `${duration(seconds)}${how}` };
  if (seconds < SHORTEST_S && how === '') throw new StepFailure('CDC_RETENTION', facts, { evidence, ...fix });
  return { evidence, warning: { code: 'CDC_RETENTION', facts, ...fix } };
}

interface Kept {
  /** 0 for ever. */
  seconds: number;
  /** What says so; undefined for RDS' own setting. */
  by?: { name: string; now: string };
  /** RDS' own setting, where there is one. */
  hours?: number;
}

async function retention(variables: Variables, session: Session): Promise<Kept | undefined> {
  if (isRds(session)) {
    const [row] = await session.query(RDS_RETENTION).catch(() => []);
    // NULL there means that RDS removes it as soon as it can.
    const hours = Number(row?.['value'] ?? 0);
    if (row && Number.isFinite(hours)) return { seconds: Math.max(1, hours * HOUR_S), ...(hours > 0 ? { hours } : {}) };
  }
  // MySQL 8.0.29 can be told to keep all.
  if (variables.get('binlog_expire_logs_auto_purge') === 'OFF') return { seconds: 0 };
  const found = UNITS.flatMap(([name, unit]) => {
    const now = variables.get(name);
    return now === undefined || !Number.isFinite(Number(now))
      ? []
      : [{ seconds: Number(now) * unit, by: { name, now } }];
  });
  // Where a server has both, the one that is set holds.
  const [first, ...others] = found;
  return first && others.reduce((most, each) => (each.seconds > most.seconds ? each : most), first);
}

const UNITS = [
  ['binlog_expire_logs_seconds', 1],
  ['expire_logs_days', DAY_S],
] as const;

const WHY = 'A consumer that is down for longer has to read everything anew; 7 days leave room for a long weekend.';

function longer(variables: Variables, session: Session, { by, hours }: Kept): ProblemDetails {
  // What the other settings say, RDS does not heed.
  if (!by || isRds(session)) {
    const set = (hours: string) => `CALL mysql.rds_set_configuration('binlog retention hours', ${hours});`;
    const undo = set(hours === undefined ? 'NULL' : String(hours));
    return { remedies: [{ stage: 'setting', why: WHY, script: set(String(GOOD_HOURS)), undo }] };
  }
  const isBySeconds = variables.has('binlog_expire_logs_seconds');
  const name = isBySeconds ? 'binlog_expire_logs_seconds' : 'expire_logs_days';
  const value = String(isBySeconds ? GOOD_S : GOOD_S / DAY_S);
  return settingFix(session.asking, { name, value, now: variables.get(name), why: WHY });
}

/** In how many seconds as much is written as is kept, at the average since the server started; MariaDB tells. */
async function filledIn(session: Session, limit: number): Promise<number | undefined> {
  const rows = await session.query(WRITTEN);
  const status = new Map(
    rows.map((row) => Object.values(row)).map(([name, value]) => [name?.toLowerCase(), Number(value)]),
  );
  const [written = 0, uptime = 0] = [status.get('binlog_bytes_written'), status.get('uptime')];
  return written > 0 && uptime > HOUR_S ? (limit / written) * uptime : undefined;
}

function isRds({ facts: { host, port, username } }: Session): boolean {
  return /^(rds|aurora)/.test(providerOf({ engine: 'mysql', host, port, username })?.code ?? '');
}

function duration(seconds: number): string {
  const days = Math.floor(seconds / DAY_S);
  if (days > 0) return `${days} day${days === 1 ? '' : 's'}`;
  const hours = Math.floor(seconds / HOUR_S);
  return hours > 0 ? `${hours} hour${hours === 1 ? '' : 's'}` : 'less than an hour';
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toPrecision(3)} GiB`;
}
