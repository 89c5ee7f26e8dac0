import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fieldProblems, pointerPart } from '../../src/issues.ts';

const schema = z.strictObject({
  name: z.string().min(1),
  mode: z.enum(['a', 'b']).optional(),
  list: z.array(z.strictObject({ id: z.int() })).optional(),
});
const KNOWN = { name: 'name', mode: 'mode', list: 'list', title: 'name' };

function problemsOf(value: unknown, base?: string): [string, string][] {
  const { error } = schema.safeParse(value);
  if (!error) return [];
  return fieldProblems(error, { known: KNOWN, ...(base === undefined ? {} : { base }) }).map(({ field, message }) => [
    field,
    message,
  ]);
}

describe('zod issues as field problems', () => {
  test.each<[unknown, [string, string | RegExp][]]>([
    [{}, [['/name', 'is required']]],
    [{ name: 5 }, [['/name', 'expected string, received number']]],
    [{ name: 'x', mode: 'c' }, [['/mode', /^expected one of "a"\|"b"$/]]],
    [{ name: 'x', nmae: 1 }, [['/nmae', 'is not known here; did you mean name?']]],
    [{ name: 'x', title: 1 }, [['/title', 'is not known here; did you mean name?']]],
    [{ name: 'x', other: 1 }, [['/other', 'is not known here']]],
    [{ name: 'x', list: [{ id: 1 }, { id: 'y' }] }, [['/list/1/id', 'expected number, received string']]],
    [{ name: 'x', list: [{ id: 1, nmae: 1 }] }, [['/list/0/nmae', 'is not known here']]],
    [
      { mode: 'c', x: 1 },
      [
        ['/name', 'is required'],
        ['/mode', /one of/],
        ['/x', 'is not known here'],
      ],
    ],
    ['text', [['', /expected object/]]],
  ])('%j', (value, expected) => {
    const found = problemsOf(value);
    expect(found.map(([field]) => field)).toEqual(expected.map(([field]) => field));
    for (const [i, [, message]] of expected.entries()) {
      if (typeof message === 'string') expect(found[i]?.[1]).toBe(message);
      else expect(found[i]?.[1]).toMatch(message);
    }
  });

  test('a base stands in front', () => {
    expect(problemsOf({ list: [{ id: 'x' }] }, '/config').map(([field]) => field)).toEqual([
      '/config/name',
      '/config/list/0/id',
    ]);
  });

  test('no value that was given is repeated', () => {
    expect(JSON.stringify(problemsOf({ name: ['CANARY'], mode: 'CANARY', list: 'CANARY' }))).not.toContain('CANARY');
  });

  test('there are at most twenty, and long keys are cut', () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${i}${'k'.repeat(200)}`, 1]));
    const found = problemsOf({ name: 'x', ...many });
    expect(found).toHaveLength(20);
    for (const [field] of found) expect(field).toHaveLength(61);
  });

  test.each(['constructor', 'toString', 'hasOwnProperty'])(
    '%s is not known, and nothing of Object is suggested',
    (key) => {
      expect(problemsOf({ name: 'x', [key]: 1 })).toEqual([[`/${key}`, 'is not known here']]);
    },
  );
});

test.each([
  ['a', '/a'],
  ['a/b', '/a~1b'],
  ['a~b', '/a~0b'],
  ['~1', '/~01'],
  [3, '/3'],
  ['', '/'],
])('the pointer part of %j is %s', (part, expected) => {
  expect(pointerPart(part)).toBe(expected);
});
