import { HeadwaterError } from '../errors.ts';
import { AUDIT_OUTCOMES, type Audit, type AuditFilter, type AuditVerdict, type KeptEntry } from '../sources/audit.ts';
import { decodeCursor, encodeCursor, foreignCursor } from '../sources/list.ts';
import { defineCommand, type Outcome } from './command.ts';
import type { Output, Style } from './output/output.ts';
import { proseWidth } from './output/output.ts';
import { table } from './output/table.ts';
import { wrap } from './output/text.ts';
import { choice, number, type Parameter, text } from './parameters.ts';

const STANDARD_LIMIT = 20;

export const auditCommand = defineCommand({
  positionals: { action: choice('ACTION', ['list', 'verify'], 'list (the default) or verify.') },
  options: {
    tenant: text('TENANT', 'list: only what this tenant did.'),
    source: text('ID', 'list: only what was done with this source, or tried with its id.'),
    tool: text('NAME', 'list: only this tool, or what an operator did: add_token, revoke_token …'),
    outcome: choice('OUTCOME', AUDIT_OUTCOMES, 'list: only what ended so.'),
    since: moment('TIME', 'list: only from then on: 30m, 24h, 7d, 2026-11-20 or 2026-11-20T08:00Z.'),
    limit: number('N', { min: 1, max: 1000, whole: true }, 'list: most entries on a page, up to 1000; 20 by default.'),
    cursor: text('CURSOR', 'list: the page after the one that gave this out.'),
    head: text('DIGEST', 'verify: a head that was noted earlier and must still be in the trail.'),
  },
  description:
    'Every write, every test and every refusal, newest first: who, through what, what, which fields, where credentials went ' +
    'before and after, and what came of it. Secrets are never in it. Each entry carries a digest over all before it; verify ' +
    'walks them and says which is the first that is not as it was written. Note the head it prints somewhere else: with ' +
    '--head it later proves that nothing up to there was changed or removed.',
  examples: [
    'headwater audit --since 24h --outcome refused',
    'headwater audit --source src_01jd2m5x8v3qk7r9t4w6y0z1ab --json',
    'headwater audit verify',
  ],
  run: async ({ action = 'list', head, ...request }, { app, out }) => {
    if (action === 'verify') return verified(out, await app.audit.verify(headOf(head)));
    return await listed(out, app.audit, request, app.services.now());
  },
});

interface ListRequest {
  tenant?: string;
  source?: string;
  tool?: string;
  outcome?: KeptEntry['outcome'];
  since?: Moment;
  limit?: number;
  cursor?: string;
}

async function listed(out: Output, audit: Pick<Audit, 'page'>, request: ListRequest, now: Date): Promise<Outcome> {
  const { tool, since, limit = STANDARD_LIMIT, cursor, ...rest } = request;
  const filter: AuditFilter = { ...rest, ...(tool ? { action: tool } : {}), ...(since ? { since: since(now) } : {}) };
  const found = await audit.page(filter, limit + 1, cursor === undefined ? undefined : seqOf(cursor));
  const entries = found.slice(0, limit);
  const last = found.length > limit ? entries.at(-1) : undefined;
  const next = last && encodeCursor(String(last.seq));
  return {
    document: { entries, ...(next === undefined ? {} : { next_cursor: next }) },
    lines: () => lines(out, entries, next, Object.keys(filter).length > 0),
  };
}

function seqOf(cursor: string): number {
  const given = decodeCursor(cursor);
  if (!/^\d{1,15}$/.test(given)) throw foreignCursor();
  return Number(given);
}

function lines(out: Output, entries: readonly KeptEntry[], next: string | undefined, filtered: boolean): string[] {
  if (entries.length === 0) return [filtered ? 'No entry matches.' : 'The audit trail is empty.'];
  const columns = [
    {
      title: 'Time (UTC)',
      text: ({ at }: KeptEntry) => at.slice(0, 19).replace('T', ' '),
      style: () => 'dim' as const,
    },
    { title: 'Who', text: whoOf, fit: 'cut' as const },
    { title: 'What', text: ({ action }: KeptEntry) => action, style: () => 'bold' as const },
    { title: 'Outcome', text: ({ outcome }: KeptEntry) => outcome, style: ({ outcome }: KeptEntry) => STYLES[outcome] },
    { title: 'On', text: subjectOf, fit: 'cut' as const },
    { title: 'Details', text: detailsOf, fit: 'wrap' as const },
  ];
  const footer = next === undefined ? [] : ['', out.paint('dim', `The next page: the same with --cursor ${next}`)];
  return [...table(out, columns, entries), ...footer];
}

const STYLES: Readonly<Record<KeptEntry['outcome'], Style>> = { ok: 'green', failed: 'yellow', refused: 'red' };

function whoOf({ tenant, subject, role, surface }: KeptEntry): string {
  return `${tenant}/${subject} (${role}, ${surface})`;
}

function subjectOf({ source_id, connector, target }: KeptEntry): string {
  const named = target && Object.entries(target).map(([name, value]) => `${name} ${value}`);
  return source_id ?? named?.join(', ') ?? connector ?? '';
}

/** Why, which fields, and where credentials would go that did not before. */
function detailsOf({ codes, fields, destination_before: before, destination_after: after }: KeptEntry): string {
  const moved = Object.entries(after ?? {}).filter(
    ([name, to]) => JSON.stringify(before?.[name]) !== JSON.stringify(to),
  );
  const moves = moved.map(([name, to]) =>
    before === null ? `${name} ${shown(to)}` : `${name} ${shown(before[name])} → ${shown(to)}`,
  );
  return [codes.join(' '), fields.join(' '), moves.join(', ')].filter((part) => part !== '').join('; ');
}

function shown(value: unknown): string {
  return value === undefined ? '-' : typeof value === 'string' ? value : JSON.stringify(value);
}

const DIGEST = /^[0-9a-f]{64}$/;

function headOf(given: string | undefined): string | undefined {
  if (given === undefined || DIGEST.test(given)) return given;
  throw new HeadwaterError('INVALID_ARGUMENTS', '--head is a digest of 64 hexadecimal digits, as verify prints it.');
}

type Broken = Extract<AuditVerdict, { ok: false }>['broken'];

const SAYS: Readonly<Record<Broken['why'], (seq: number | null) => string>> = {
  changed: (seq) => `Entry ${seq} is not what was written: it, or something before it, was changed, moved or put in.`,
  missing: (seq) => `Entry ${seq} is gone.`,
  truncated: (seq) => `The trail was cut off: entry ${seq} and what followed are gone.`,
  head: () =>
    'No entry has the digest that was noted: the trail was cut off or rewritten, or has been pruned beyond it.',
};

function verified(out: Output, verdict: AuditVerdict): Outcome {
  return {
    document: verdict,
    ok: verdict.ok,
    lines: () => {
      if (!verdict.ok) {
        const { broken, entries } = verdict;
        const right = `${counted(entries)} before that ${entries === 1 ? 'is' : 'are'} as written.`;
        return [out.paint('red', `✗ ${SAYS[broken.why](broken.seq)}`), broken.why === 'head' ? '' : right].filter(
          Boolean,
        );
      }
      const { entries, first, head } = verdict;
      if (!head) return ['The audit trail is empty.'];
      const pruned = first !== null && first > 1 ? ` The ${first - 1} before them were pruned.` : '';
      return [
        `${out.paint('green', '✓')} The trail is whole: ${counted(entries)}, ${first} to ${head.seq}.${pruned}`,
        `  Head: ${head.digest}`,
        ...wrap(
          'Note it elsewhere. Later, headwater audit verify --head DIGEST proves that all up to here is still there.',
          proseWidth(out) - 2,
        ).map((line) => out.paint('dim', `  ${line}`)),
      ];
    },
  };
}

function counted(entries: number): string {
  return `${entries} ${entries === 1 ? 'entry' : 'entries'}`;
}

/** A time that may count back from now. */
type Moment = (now: Date) => Date;

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function moment(placeholder: string, description: string): Parameter<Moment> {
  return {
    placeholder,
    description,
    expects: 'a time: 30m, 24h, 7d, 2026-11-20 or 2026-11-20T08:00Z',
    read: (given) => {
      const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(given) ?? [];
      if (count !== undefined) return (now) => new Date(now.getTime() - Number(count) * (UNITS[unit] ?? 0));
      const at = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?$/.test(given) ? new Date(given) : undefined;
      return at === undefined || Number.isNaN(at.getTime()) ? undefined : () => at;
    },
  };
}
