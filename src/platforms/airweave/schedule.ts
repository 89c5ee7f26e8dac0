import { type FieldProblem, HeadwaterError } from '../../errors.ts';
import { rhythmOf } from './catalog/index.ts';

type Given = Readonly<Record<string, unknown>>;

const KEYS = ['cron', 'continuous', 'cursor_field'];

/**
 * A schedule as Airweave takes it. It checks no cron itself: a wrong one would be met by whatever runs it.
 * @param code of the source
 * @throws HeadwaterError INVALID_ARGUMENTS, UNSUPPORTED
 */
export function scheduleFor(code: string, schedule: Given): Given {
  const { isFederated, isContinuous } = rhythmOf(code);
  const { cron, continuous, cursor_field } = schedule;
  const problems: FieldProblem[] = Object.keys(schedule)
    .filter((name) => !KEYS.includes(name))
    .map((name) => ({ field: `/schedule/${name}`, message: `is not known here; there are ${KEYS.join(', ')}` }));
  const say = (name: string, message: string) => problems.push({ field: `/schedule/${name}`, message });
  if (cron !== undefined && cron !== null) {
    const fault = typeof cron === 'string' ? cronFault(cron) : 'must be text, or null for no schedule';
    if (fault) say('cron', fault);
    else if (isFederated) throw neverSynced();
    else if (!isContinuous && isSubHourly(String(cron))) {
      say('cron', 'is more often than hourly, which only sources that sync by a cursor may be');
    }
  }
  if (continuous !== undefined && typeof continuous !== 'boolean') say('continuous', 'must be true or false');
  if (cursor_field !== undefined && cursor_field !== null && typeof cursor_field !== 'string') {
    say('cursor_field', 'must be text');
  }
  if (problems.length > 0) {
    throw new HeadwaterError('INVALID_ARGUMENTS', 'Airweave has no such schedule.', {
      fields: problems,
      hint: 'Give {"cron": "0 6 * * *"}, in UTC, or {"cron": null} for none.',
    });
  }
  return { ...schedule, cron: cron ?? null };
}

/** What Airweave takes without doing anything for it. */
export function scheduleWarnings(schedule: Given | null | undefined): string[] {
  const idle = ['continuous', 'cursor_field'].filter((name) => schedule?.[name]);
  return idle.length > 0 ? [`Airweave takes ${idle.join(' and ')} of a schedule and does nothing for it.`] : [];
}

export function neverSynced(): HeadwaterError {
  return new HeadwaterError('UNSUPPORTED', 'Airweave searches this source live and never syncs it.', {
    hint: 'Leave out schedule and sync_immediately; there is nothing to run.',
  });
}

interface Part {
  name: string;
  from: number;
  to: number;
  words?: readonly string[];
}

const PARTS: readonly Part[] = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of the month', from: 1, to: 31 },
  {
    name: 'month',
    from: 1,
    to: 12,
    words: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of the week', from: 0, to: 7, words: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

function cronFault(text: string): string | undefined {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== PARTS.length) return `must have five fields, not ${fields.length}`;
  const wrong = PARTS.find((part, at) => !(fields[at] ?? '').split(',').every((each) => isRange(each, part)));
  return wrong && `has a ${wrong.name} that is none (${wrong.from} to ${wrong.to}, * , lists, ranges, steps)`;
}

function isRange(text: string, { from, to, words = [] }: Part): boolean {
  const [, range = '', step] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (range === '' || step === '0' || Number(step) === 0) return false;
  if (range === '*') return true;
  const ends = range.split('-').map((end) => valueOfWord(end.toLowerCase(), words, from));
  return ends.length <= 2 && ends.every((end) => end >= from && end <= to) && (ends[0] ?? 0) <= (ends[1] ?? to);
}

function valueOfWord(text: string, words: readonly string[], from: number): number {
  const at = words.indexOf(text);
  if (at !== -1) return at + from;
  return /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
}

/** Those of Airweave's rule: every minute, or every few of them. Other patterns it lets pass. */
function isSubHourly(cron: string): boolean {
  const [minute = '', ...others] = cron.trim().split(/\s+/);
  if (!others.every((other) => other === '*')) return false;
  const every = /^\*\/(\d+)$/.exec(minute)?.[1];
  return minute === '*' || (every !== undefined && Number(every) < 60);
}
