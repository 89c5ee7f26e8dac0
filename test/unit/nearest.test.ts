import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editDistance, nearest } from '../../src/nearest.ts';

describe('nearest', () => {
  const KNOWN = ['host', 'port', 'password', 'username', 'tls_mode'];
  test.each([
    ['host', 'host'],
    ['hots', 'host'],
    ['HOST', 'host'],
    ['pasword', 'password'],
    ['passwrods', 'password'],
    ['user_name', 'username'],
    ['tlsmode', 'tls_mode'],
    ['xyz', undefined],
    ['', undefined],
    ['database', undefined],
  ])('%s: %s', (text, expected) => {
    expect(nearest(text, KNOWN)).toBe(expected);
  });

  test('the first of equals', () => {
    expect(nearest('bat', ['cat', 'hat'])).toBe('cat');
    expect(nearest('bat', ['hat', 'cat'])).toBe('hat');
  });

  test('the limit counts edits', () => {
    expect(nearest('abcd', ['abxy'], 1)).toBeUndefined();
    expect(nearest('abcd', ['abxy'], 2)).toBe('abxy');
    expect(nearest('abcd', ['abcd'], 0)).toBe('abcd');
  });
});

describe('editDistance', () => {
  test.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', '', 3],
    ['abc', 'acb', 1],
    ['abcd', 'badc', 2],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ])('%s → %s: %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });

  test('it is the same both ways, zero only for equals, and at most the longer length', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });

  test('one edit is one', () => {
    fc.assert(
      fc.property(text, fc.nat(8), fc.constantFrom('x', ''), (a, at, put) => {
        const cut = Math.min(at, a.length);
        expect(editDistance(a, a.slice(0, cut) + put + a.slice(cut))).toBe(put.length);
        if (a.length > 0) expect(editDistance(a, a.slice(1))).toBe(1);
      }),
    );
  });

  test('a cap changes nothing below it, and is the answer above it', () => {
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 9 }), (a, b, cap) => {
        const whole = editDistance(a, b);
        const capped = editDistance(a, b, cap);
        if (whole < cap) expect(capped).toBe(whole);
        else expect(capped).toBeGreaterThanOrEqual(cap);
      }),
    );
  });
});
