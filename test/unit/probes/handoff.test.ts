import { expect, test } from 'vitest';
import { handoffLetters } from '../../../src/probes/handoff.ts';

const fail = (message: string) => ({
  step: {
    id: 'privileges',
    title: 'Rights',
    status: 'fail',
    ms: 1,
    message,
    actor: 'dba',
    fix: { text: 'Mend it' },
  } as const,
  problem: { code: 'QUERY_FAILED', facts: {} } as const,
});

test.each([
  ['a line feed', '\n'],
  ['a carriage return', '\r'],
  ['both', '\r\n'],
  ['a line separator, which ends a comment in mongosh', '\u2028'],
  ['a paragraph separator', '\u2029'],
  ['a form feed', '\f'],
])('%s in a text does not end its comment', (_, end) => {
  const remedy = {
    stage: 'right',
    why: `a${end}DROP TABLE a;`,
    script: 'SELECT 1;',
    undo: `SELECT 2;${end}SELECT 3;`,
  } as const;
  const found = fail('it lacks a right');
  const spoken = fail(`b${end}DROP TABLE b`);
  for (const [script, mark] of [
    ['sql', '--'],
    ['mongosh', '//'],
  ] as const) {
    const plan = { subject: `PostgreSQL${end}DROP TABLE c`, script };
    const mended = { ...found, problem: { ...found.problem, remedies: [remedy] } };
    const [letter] = handoffLetters(plan, [mended, spoken]);
    const lines = letter?.text.split(/[\n\r\f\u2028\u2029]/).filter((line) => line !== '') ?? [];
    expect(lines.filter((line) => !line.startsWith(mark))).toEqual(['SELECT 1;']);
    expect(lines.length).toBeGreaterThan(5);
  }
});
