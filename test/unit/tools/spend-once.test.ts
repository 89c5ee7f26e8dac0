import { expect, test } from 'vitest';
import { spendOnce } from '../../../src/tools/spend-once.ts';

test('a nonce is good for one act', () => {
  const spend = spendOnce();
  expect([spend('a'), spend('b'), spend('a'), spend('b')]).toEqual([true, true, false, false]);
  expect(spendOnce()('a')).toBe(true);
});

test('what is remembered is bounded: the oldest go first', () => {
  const spend = spendOnce();
  for (let i = 0; i <= 10_000; i += 1) spend(`nonce ${i}`);
  expect(spend('nonce 1')).toBe(false);
  expect(spend('nonce 0')).toBe(true);
});
