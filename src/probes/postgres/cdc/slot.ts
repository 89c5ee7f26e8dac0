import { StepFailure } from '../../problems/index.ts';
import type { Row } from '../session.ts';
import { literal } from '../sql.ts';
import { amount, type Check, isTrue, numberOf, size } from './check.ts';

/** What the readers of such a platform decode with. */
const PLUGINS: ReadonlySet<string | null | undefined> = new Set(['pgoutput', 'decoderbufs']);

/** The slot that is named: fit for this database and free, or not there yet. */
export const SLOT_CHECK: Check = {
  id: 'cdc_slot',
  title: 'CDC: named replication slot',
  run: async ({ session, facts, catalogue }) => {
    const { slot_name: name, database, publication } = session.config;
    if (name === undefined) return { skip: 'slot_name is not given: a slot is created with the source' };
    const slots = await catalogue.slots();
    const slot = slots.find((each) => each['name'] === name);
    if (!slot) return { evidence: `${name} is not there yet: it is created with the source` };
    const unfit = misfit(slot, database, publication);
    const clean = (text: string | null | undefined) => session.clean(text, 63);
    if (unfit) {
      // Another name is the user's to choose; dropping somebody's slot is nobody's to do unasked.
      throw new StepFailure('CDC_SLOT_UNFIT', { ...facts, what: `${name} ${unfit(clean)}` });
    }
    if (slot['status'] === 'lost' || slot['invalid']) {
      const script = `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = ${literal(name)} AND NOT active;`;
      const why = `The slot ${name} has lost changes, so it is of no use any more.`;
      throw new StepFailure(
        'CDC_SLOT_LOST',
        { ...facts, what: name },
        { remedies: [{ stage: 'setting', why, script }] },
      );
    }
    const evidence = `${name}, ${size(numberOf(slot, 'behind') ?? 0)} behind`;
    if (isTrue(slot, 'active'))
      return { evidence, warning: { code: 'CDC_SLOT_ACTIVE', facts: { ...facts, what: name } } };
    if (slot['status'] !== 'unreserved') return { evidence };
    return { evidence, warning: { code: 'CDC_SLOT_NEAR_LOSS', facts: { ...facts, what: name } } };
  },
};

type Clean = (text: string | null | undefined) => string;

function misfit(slot: Row, database: string, publication: string | undefined): ((clean: Clean) => string) | undefined {
  if (slot['type'] !== 'logical') return () => 'is physical, and changes are read from a logical one';
  if (slot['database'] !== database) return (clean) => `is of the database ${clean(slot['database'])}, not ${database}`;
  const fits = publication === undefined ? PLUGINS.has(slot['plugin']) : slot['plugin'] === 'pgoutput';
  return fits ? undefined : (clean) => `decodes with ${clean(slot['plugin'])}, not pgoutput`;
}

/** What a slot may hold back before it is worth a word, where nothing bounds it: bytes. */
const WORTH_A_WORD = 256 * 1024 * 1024;

/** The slots of others: they fill the same disk. */
export const OTHER_SLOTS_CHECK: Check = {
  id: 'cdc_other_slots',
  title: 'CDC: slots of others',
  run: async ({ session, facts, row, catalogue }) => {
    const others = (await catalogue.slots())
      .filter((slot) => slot['name'] !== session.config.slot_name)
      .sort((a, b) => (numberOf(b, 'behind') ?? 0) - (numberOf(a, 'behind') ?? 0));
    if (others.length === 0) return { evidence: 'none' };
    const bound = amount(row['wal_keep']) ?? -1;
    const most = bound > 0 ? Math.min(WORTH_A_WORD, bound / 2) : WORTH_A_WORD;
    const left = others.filter(
      (slot) => !isTrue(slot, 'active') && ((numberOf(slot, 'behind') ?? 0) >= most || slot['status'] === 'lost'),
    );
    const named = (slot: Row) => `${session.clean(slot['name'], 63)} (${size(numberOf(slot, 'behind') ?? 0)} behind)`;
    const evidence = `${others.length}, furthest behind: ${named(others[0] ?? {})}`;
    if (left.length === 0) return { evidence };
    const fix = session
      .fitForSql(left.map((slot) => slot['name'] ?? ''))
      .slice(0, 3)
      .map((name) => `SELECT pg_drop_replication_slot(${literal(name)});`)
      .join(' ');
    const what = left.slice(0, 3).map(named).join(', ');
    return { evidence, warning: { code: 'CDC_SLOTS_LEFT', facts: { ...facts, what, fix } } };
  },
};
