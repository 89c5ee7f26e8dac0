import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, connectTo, type InMemory, inMemory, type Session } from '../../support/in-memory.ts';

let lab: InMemory;
beforeAll(async () => {
  lab = await inMemory({ HEADWATER_EGRESS: 'public_only' });
});
afterAll(() => lab.close());

const OTHER = { acme: 'globex', globex: 'acme' } as const;
type Who = keyof typeof OTHER;

/** A tenant as we know it: what it made and did not delete. */
interface Tenant {
  session: Session;
  ids: string[];
}

interface Step {
  who: Who;
  what: keyof typeof CALLS;
  which: number;
  name: string;
}

interface Situation extends Step {
  /** Stands in everything that this call stores, and nowhere else. */
  mark: string;
  own: string;
  theirs: string;
}

const CALLS = {
  create: ({ mark, name, which }: Situation) => [
    'create_source',
    {
      connector: 'pg',
      config: { host: `${mark}.example.com`, database: 'd', username: mark, password: `${mark}-secret` },
      name,
      tags: [mark],
      run_test: false,
      idempotency_key: `k${which}`,
    },
  ],
  rename: ({ own, name, mark }: Situation) => ['update_source', { source_id: own, name, description: mark }],
  edit: ({ own, mark }: Situation) => ['update_source', { source_id: own, tags: [mark], run_test: false }],
  delete: ({ own, name }: Situation) => ['delete_source', { source_id: own, confirm: name }],
  get: ({ own }: Situation) => ['get_source', { source_id: own }],
  list: () => ['list_sources', { limit: 100 }],
  find: () => ['list_sources', { query: 'r', limit: 100 }],
  page: () => ['list_sources', { limit: 1 }],
  look: ({ theirs }: Situation) => ['get_source', { source_id: theirs }],
  steal: ({ theirs, mark }: Situation) => ['update_source', { source_id: theirs, description: mark }],
  ruin: ({ theirs, name }: Situation) => ['delete_source', { source_id: theirs, confirm: name }],
} satisfies Record<string, (situation: Situation) => readonly [tool: string, args: Record<string, unknown>]>;
const FOREIGN: readonly string[] = ['look', 'steal', 'ruin'];

const steps = fc.array(
  fc.record<Step>({
    who: fc.constantFrom('acme', 'globex'),
    what: fc.constantFrom(...(Object.keys(CALLS) as (keyof typeof CALLS)[])),
    which: fc.nat(5),
    name: fc.constantFrom('Orders', 'ORDERS', 'Users', 'Ünïque'),
  }),
  { minLength: 5, maxLength: 20 },
);

/** What an answer changes in what we know, and what it may tell. */
function learn({ what, own }: Situation, tenant: Tenant, { isError, structured = {}, error }: Answer): void {
  const { source, sources = [] } = structured as { source?: { id: string }; sources?: { id: string }[] };
  if (FOREIGN.includes(what)) expect(error.code).toBe('SOURCE_NOT_FOUND');
  if (what === 'create' && source && !tenant.ids.includes(source.id)) tenant.ids.push(source.id);
  if (what === 'delete' && !isError) tenant.ids = tenant.ids.filter((id) => id !== own);
  if (what === 'list') expect(sources.map(({ id }) => id).sort()).toEqual([...tenant.ids].sort());
}

test('two tenants that do whatever they like never see each other', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      run += 1;
      const tenantOf = async (who: Who): Promise<Tenant> => ({
        session: await connectTo(lab.app, { tenant: `${who}-${run}`, subject: 'same', role: 'admin' }),
        ids: [],
      });
      const tenants = { acme: await tenantOf('acme'), globex: await tenantOf('globex') };
      for (const [i, step] of all.entries()) {
        const [mine, others] = [tenants[step.who], tenants[OTHER[step.who]]];
        const pick = (ids: string[]) => ids[step.which % Math.max(1, ids.length)] ?? 'src_none';
        const mark = `mark-of-${step.who}-${i}`;
        const situation = { ...step, mark, own: pick(mine.ids), theirs: pick(others.ids) };
        const [tool, args] = CALLS[step.what](situation);
        const answer = await mine.session.call(tool, args);
        learn(situation, mine, answer);
        expect(answer.text).not.toContain(`mark-of-${OTHER[step.who]}`);
        if (!FOREIGN.includes(step.what)) for (const id of others.ids) expect(answer.text).not.toContain(id);
      }
      await Promise.all(Object.values(tenants).map(({ session }) => session.close()));
    }),
    { numRuns: 40 },
  );
}, 60_000);
