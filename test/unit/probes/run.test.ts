import { describe, expect, test, vi } from 'vitest';
import { createMachine } from '../../../src/net/machine.ts';
import type { StepSpec, TestPlan } from '../../../src/probes/probe.ts';
import { StepFailure } from '../../../src/probes/problems/index.ts';
import type { Report, Step } from '../../../src/probes/report.ts';
import { type RunOptions, runPlan, runSteps } from '../../../src/probes/run.ts';
import { failureOf, timed } from './lab.ts';

const FACTS = { host: 'db.example.com', port: 5432, server: 'PostgreSQL', username: 'app', what: 'x' };

function step(id: string, over: Partial<StepSpec> = {}): StepSpec {
  return {
    id,
    title: id,
    limitMs: 1000,
    timeout: { code: 'QUERY_TIMEOUT', facts: FACTS },
    run: () => undefined,
    ...over,
  };
}

const gate = (id: string, over: Partial<StepSpec> = {}) => step(id, { gate: true, ...over });
const fails = (code: ConstructorParameters<typeof StepFailure>[0], details = {}) => ({
  run: () => {
    throw new StepFailure(code, FACTS, details);
  },
});
const hangs = { run: () => new Promise<never>(() => {}) };
const takes = (ms: number) => ({
  run: () => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), ms)),
});

interface Ran {
  report: Report;
  closed: number;
  seen: [Step, number, number][];
}

function planOf(steps: StepSpec[]): { plan: TestPlan; closed: () => number } {
  let closed = 0;
  const close = async () => {
    closed += 1;
  };
  return { plan: { subject: 'PostgreSQL at db.example.com:5432', steps, close }, closed: () => closed };
}

async function run(steps: StepSpec[], over: Partial<RunOptions> = {}): Promise<Ran> {
  const { plan, closed } = planOf(steps);
  const seen: Ran['seen'] = [];
  const report = await runPlan(plan, options({ onStep: (...progress) => void seen.push(progress), ...over }));
  return { report, closed: closed(), seen };
}

function options(over: Partial<RunOptions> = {}): RunOptions {
  return {
    deadlineMs: 5000,
    machine: createMachine({ outgoing: [] }),
    signal: new AbortController().signal,
    now: () => new Date('2026-11-20T08:00:00Z'),
    fieldOf: (role) => ({ host: 'host', port: 'port', username: 'user_name', database: 'db' })[role],
    ...over,
  };
}

const statuses = ({ report }: Ran) => report.steps.map(({ id, status }) => `${id} ${status}`);

describe('gates', () => {
  test('a failed gate skips everything behind it, and says which one', async () => {
    const ran = await run([
      gate('config'),
      gate('tcp', fails('TCP_REFUSED', { driver_code: 'ECONNREFUSED' })),
      gate('tls'),
      step('list', fails('NO_TABLES')),
    ]);
    expect(statuses(ran)).toEqual(['config pass', 'tcp fail', 'tls skip', 'list skip']);
    expect(ran.report.steps.slice(2)).toEqual([
      { id: 'tls', title: 'tls', status: 'skip', ms: 0, because: 'tcp' },
      { id: 'list', title: 'list', status: 'skip', ms: 0, because: 'tcp' },
    ]);
    expect(ran.report).toMatchObject({ ok: false, verdict: 'failed' });
  });

  test('behind the gates everything runs, and all failures come back at once', async () => {
    const ran = await run([
      gate('auth'),
      step('list', fails('TABLES_DENIED', { sql: 'GRANT 1;' })),
      step('slots', fails('CDC_NO_FREE_SLOT')),
      step('role', fails('CDC_ROLE', { sql: 'ALTER 2;' })),
      step('wal'),
    ]);
    expect(statuses(ran)).toEqual(['auth pass', 'list fail', 'slots fail', 'role fail', 'wal pass']);
    expect(ran.report.headline).toBe(
      'app may read none of the tables in x. Grant app the right to read them. (and 2 more problems)',
    );
    expect(ran.report.handoff).toEqual([
      {
        actor: 'dba',
        format: 'sql',
        text: expect.stringMatching(
          /^-- To the database administrator: we are connecting PostgreSQL at db\.example\.com:5432\.\n(.|\n)*\n-- - No replication slot(.|\n)*\n-- app may read none(.|\n)*\.\nGRANT 1;\n\n-- app may not replicate\.\nALTER 2;\n$/,
        ),
      },
    ]);
  });

  test('one letter to each who can help, and none to the user', async () => {
    const ran = await run([
      step('a', fails('AUTH_REJECTED')),
      step('b', fails('TCP_TIMEOUT')),
      step('c', fails('READ_FAILED')),
    ]);
    expect(ran.report.handoff?.map(({ actor }) => actor)).toEqual(['dba', 'network_admin']);
    expect((await run([step('a', fails('AUTH_REJECTED'))])).report.handoff).toBeUndefined();
  });
});

describe('what a step says', () => {
  test('a pass has its evidence and nothing else', async () => {
    const { report } = await run([step('dns', { run: async () => ({ evidence: '2 addresses' }) }), step('tcp')]);
    expect(report.steps).toEqual([
      { id: 'dns', title: 'dns', status: 'pass', ms: expect.any(Number), evidence: '2 addresses' },
      { id: 'tcp', title: 'tcp', status: 'pass', ms: expect.any(Number) },
    ]);
    expect(report).toMatchObject({
      ok: true,
      verdict: 'ok',
      headline: 'PostgreSQL at db.example.com:5432 works.',
      warnings: [],
      tested_at: '2026-11-20T08:00:00.000Z',
    });
  });

  test('a failure has code, words, fields of this connector, actor, fix and the code of the driver', async () => {
    const details = { evidence: 'what it said', driver_code: '28P01', sql: 'ALTER …;', command: 'pg_ctl reload' };
    const { report } = await run([step('auth', fails('USER_UNKNOWN', details))]);
    expect(report.steps[0]).toEqual({
      id: 'auth',
      title: 'auth',
      status: 'fail',
      ms: expect.any(Number),
      code: 'USER_UNKNOWN',
      message: 'There is no user app',
      evidence: 'what it said',
      driver_code: '28P01',
      fields: ['user_name'],
      actor: 'user',
      retryable: false,
      fix: { text: 'Check the user name, or have the user created.', sql: 'ALTER …;', command: 'pg_ctl reload' },
    });
  });

  test('fields that only the place of the failure knows stand in for the table', async () => {
    const { report } = await run([step('config', fails('CONFIG_UNUSABLE', { fields: ['password'] }))]);
    expect(report.steps[0]?.fields).toEqual(['password']);
  });

  test('a role that the connector has no field for is left out', async () => {
    const { report } = await run([step('auth', fails('AUTH_REJECTED'))]);
    expect(report.steps[0]?.fields).toEqual(['user_name']); // and no password
  });

  test('a warning stops nothing, and the headline says that it works', async () => {
    const warning = { code: 'NO_TABLES', facts: FACTS } as const;
    const ran = await run([gate('list', { run: () => ({ warning, evidence: '0' }) }), step('read')]);
    expect(statuses(ran)).toEqual(['list warn', 'read pass']);
    expect(ran.report.steps[0]).toMatchObject({ code: 'NO_TABLES', evidence: '0', actor: 'user', fields: ['db'] });
    expect(ran.report).toMatchObject({
      ok: true,
      verdict: 'ok_with_warnings',
      warnings: ['There are no tables in x'],
      headline: 'PostgreSQL at db.example.com:5432 works. Worth knowing: There are no tables in x.',
    });
  });

  test('a step with nothing to check skips itself with its reason, and blocks nothing', async () => {
    const ran = await run([gate('dns', { run: () => ({ skip: 'the host is an IP address' }) }), step('tcp')]);
    expect(statuses(ran)).toEqual(['dns skip', 'tcp pass']);
    expect(ran.report.steps[0]?.because).toBe('the host is an IP address');
  });

  test('the depth is that of the deepest step that passed or warned', async () => {
    const ran = await run([
      step('tcp', { depth: 'tcp' }),
      step('read', { depth: 'read' }),
      step('tls', { depth: 'tls', run: () => ({ skip: 'none' }) }),
      step('cdc', { depth: 'cdc', ...fails('CDC_ROLE') }),
    ]);
    expect(ran.report.depth).toBe('read');
    expect((await run([])).report.depth).toBe('config');
  });
});

describe('time', () => {
  test('a step ends at its limit, with what that means for it, and its signal tells it so', async () => {
    let told: unknown;
    const { value, ms } = await timed(
      run([
        step('tcp', {
          limitMs: 60,
          timeout: { code: 'TCP_TIMEOUT', facts: FACTS },
          run: (signal) =>
            new Promise(() => {
              signal.addEventListener('abort', () => {
                told = signal.reason;
              });
            }),
        }),
        step('next'),
      ]),
    );
    expect(statuses(value)).toEqual(['tcp fail', 'next pass']);
    expect(value.report.steps[0]).toMatchObject({ code: 'TCP_TIMEOUT', retryable: true, actor: 'network_admin' });
    expect(value.report.steps[0]?.ms).toBeGreaterThanOrEqual(55);
    expect(ms).toBeLessThan(500);
    expect(told).toBeInstanceOf(StepFailure);
  });

  test('the whole ends at its deadline; what has not begun by then is skipped, and nothing is green', async () => {
    const { value, ms } = await timed(
      run([step('slow', takes(60)), step('stuck', hangs), step('list', takes(500)), step('read')], { deadlineMs: 120 }),
    );
    expect(statuses(value)).toEqual(['slow pass', 'stuck fail', 'list skip', 'read skip']);
    expect(value.report.steps[2]).toMatchObject({ because: 'stuck' });
    expect(ms).toBeGreaterThanOrEqual(110);
    expect(ms).toBeLessThan(600);
    expect(value.closed).toBe(1);
  });

  test('where the last step in time passes, the next one still fails rather than pass unseen', async () => {
    const ran = await run([step('slow', takes(60)), step('stuck', takes(200))], { deadlineMs: 50 });
    expect(ran.report.ok).toBe(false);
  });

  test('no timer is left behind', async () => {
    vi.useFakeTimers();
    try {
      await run([step('a'), gate('b', fails('TCP_REFUSED')), step('c')]);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('cancelling', () => {
  test('ends the running step at once, tells it, closes the plan, and makes no report', async () => {
    const controller = new AbortController();
    let reason: unknown;
    const { plan, closed } = planOf([
      step('hangs', {
        run: (signal) =>
          new Promise(() => {
            signal.addEventListener('abort', () => {
              reason = signal.reason;
            });
          }),
      }),
      step('never', fails('READ_FAILED')),
    ]);
    setTimeout(() => controller.abort(), 30);
    const { value: error, ms } = await timed(failureOf(runPlan(plan, options({ signal: controller.signal }))));
    expect(error).toMatchObject({ code: 'CANCELLED', retryable: true });
    expect(ms).toBeLessThan(300);
    expect(closed()).toBe(1);
    expect(reason).toBe(error);
  });

  test('between two steps nothing more begins', async () => {
    const controller = new AbortController();
    const second = vi.fn();
    const { plan, closed } = planOf([
      step('first', { run: () => controller.abort() as undefined }),
      step('second', { run: second }),
    ]);
    expect(await failureOf(runPlan(plan, options({ signal: controller.signal })))).toMatchObject({ code: 'CANCELLED' });
    expect(second).not.toHaveBeenCalled();
    expect(closed()).toBe(1);
  });

  test('many steps leave no listener on the signal of the caller', async () => {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    await run([step('a'), step('b', fails('READ_FAILED')), step('c', { limitMs: 10, ...hangs })], { signal });
    expect(add).toHaveBeenCalledTimes(3);
    expect(remove).toHaveBeenCalledTimes(3);
  });
});

describe('the plan is closed', () => {
  test.each([
    ['all pass', [step('a')]],
    ['a gate fails', [gate('a', fails('TCP_REFUSED'))]],
    ['a step runs out of time', [step('a', { limitMs: 10, ...hangs })]],
    ['there are no steps', []],
  ])('once, when %s', async (_, steps) => {
    expect((await run(steps)).closed).toBe(1);
  });

  test('when a step has a fault, which is not taken for a finding', async () => {
    const fault = new TypeError('x is not a function');
    const { plan, closed } = planOf([step('a', { run: () => Promise.reject(fault) })]);
    await expect(runPlan(plan, options())).rejects.toBe(fault);
    expect(closed()).toBe(1);
  });

  test('by the caller, where it goes on with the connection', async () => {
    const { plan, closed } = planOf([step('a')]);
    expect(await runSteps(plan, options())).toMatchObject({ ok: true });
    expect(closed()).toBe(0);
  });
});

test('progress: every step once, in order, as it ends, with how many there are', async () => {
  const order: string[] = [];
  const tell = (id: string) => ({
    run: () => {
      order.push(`${id} runs`);
      return undefined;
    },
  });
  await run([step('a', tell('a')), gate('b', fails('TCP_REFUSED')), step('c', tell('c')), step('d')], {
    onStep: ({ id, status }, done, total) => void order.push(`${id} ${status} ${done}/${total}`),
  });
  expect(order).toEqual(['a runs', 'a pass 1/4', 'b fail 2/4', 'c skip 3/4', 'd skip 4/4']);
});
