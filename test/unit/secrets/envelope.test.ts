import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  keyIdOf,
  makeKeyCheck,
  openText,
  passesKeyCheck,
  rewrapText,
  type SealContext,
  sealText,
} from '../../../src/secrets/envelope.ts';

const RUNS = Number(process.env['HEADWATER_TEST_RUNS'] ?? 1000);

/** A key and its id, which here need not be a fingerprint. */
const key = () => ({ key: createSecretKey(randomBytes(32)), id: randomBytes(8).toString('hex') });
const [one, two, three] = [key(), key(), key()];

const text = fc.string({ unit: 'binary', maxLength: 200 }).map((each) => each.toWellFormed());
const word = fc.oneof(fc.constantFrom('', 'a', 'ab', 'acme', 'src_1'), fc.string({ maxLength: 20 }));
const place: fc.Arbitrary<SealContext> = fc.record({
  tenant: word,
  sourceId: word,
  credentialVersion: fc.nat({ max: 20 }),
});
const isSame = (a: SealContext, b: SealContext) =>
  a.tenant === b.tenant && a.sourceId === b.sourceId && a.credentialVersion === b.credentialVersion;

/** Sealed, or sealed and wrapped anew: with which key it opens. */
const forms = {
  sealed: (plaintext: string, where: SealContext) => ({ value: sealText(one, plaintext, where, randomBytes), by: one }),
  'wrapped anew': (plaintext: string, where: SealContext) => ({
    value: rewrapText(one, two, sealText(one, plaintext, where, randomBytes), where, randomBytes) ?? '',
    by: two,
  }),
  'wrapped anew twice': (plaintext: string, where: SealContext) => {
    const once = rewrapText(one, two, sealText(one, plaintext, where, randomBytes), where, randomBytes) ?? '';
    return { value: rewrapText(two, three, once, where, randomBytes) ?? '', by: three };
  },
};

describe.each(Object.entries(forms))('a text that is %s', (_, made) => {
  it('opens where it belongs, with its key, and nowhere else', () => {
    fc.assert(
      fc.property(text, place, place, (plaintext, here, there) => {
        const { value, by } = made(plaintext, here);
        expect(keyIdOf(value)).toBe(by.id);
        expect(openText(by, value, here)).toBe(plaintext);
        for (const other of [one, two, three]) {
          if (other !== by) expect(openText(other, value, here)).toBeUndefined();
          // The right id does not help the wrong key.
          if (other !== by) expect(openText({ ...other, id: by.id }, value, here)).toBeUndefined();
        }
        if (isSame(here, there)) return;
        expect(openText(by, value, there)).toBeUndefined();
        expect(rewrapText(by, key(), value, there, randomBytes)).toBeUndefined();
      }),
      { numRuns: RUNS },
    );
  });

  it('opens with no bit flipped, at any position', () => {
    const where = { tenant: 'acme', sourceId: 'src_1', credentialVersion: 1 };
    const { value, by } = made('p4ssword of thirty-two characters', where);
    const bytes = Buffer.from(value);
    let flips = 0;
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(openText(by, flipped.toString('latin1'), where), `bit ${bit}`).toBeUndefined();
      flips += 1;
    }
    expect(flips).toBeGreaterThan(1000);
  });

  it('does not open with a part of another', () => {
    fc.assert(
      fc.property(text, place, place, fc.nat({ max: 4 }), (plaintext, here, there, at) => {
        const [mine, theirs] = [made(plaintext, here), made(plaintext, there)];
        const parts = mine.value.split('.');
        const others = theirs.value.split('.');
        if (at >= parts.length || parts[at] === others[at]) return;
        const mixed = parts.map((part, index) => (index === at ? others[at] : part)).join('.');
        expect(openText(mine.by, mixed, here)).toBeUndefined();
        expect(openText(mine.by, mixed, there)).toBeUndefined();
      }),
      { numRuns: RUNS },
    );
  });

  it('keeps its ciphertext when it is wrapped anew', () => {
    fc.assert(
      fc.property(text, place, (plaintext, where) => {
        const { value, by } = made(plaintext, where);
        const next = key();
        const again = rewrapText(by, next, value, where, randomBytes) ?? '';
        expect(again.split('.').at(-1)).toBe(value.split('.').at(-1));
        expect(openText(next, again, where)).toBe(plaintext);
        expect(openText(by, again, where)).toBeUndefined();
      }),
      { numRuns: RUNS / 2 },
    );
  });
});

it('whatever is no sealed text does not open, and throws nothing', () => {
  const junk = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.string(), { maxLength: 7 }).map((parts) => ['hw1', one.id, ...parts].join('.')),
    fc.array(fc.base64String(), { maxLength: 7 }).map((parts) => ['hw2', one.id, ...parts].join('.')),
  );
  fc.assert(
    fc.property(junk, place, (value, where) => {
      expect(openText(one, value, where)).toBeUndefined();
      expect(rewrapText(one, two, value, where, randomBytes)).toBeUndefined();
    }),
    { numRuns: RUNS },
  );
});

it('a key check passes for its key alone, whole', () => {
  const check = makeKeyCheck(one, randomBytes);
  expect(passesKeyCheck(one, check)).toBe(true);
  expect(passesKeyCheck(two, check)).toBe(false);
  expect(passesKeyCheck({ ...two, id: one.id }, check)).toBe(false);
  expect(passesKeyCheck({ ...one, id: two.id }, check)).toBe(false);
  const bytes = Buffer.from(check, 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(passesKeyCheck(one, flipped.toString('base64url')), `bit ${bit}`).toBe(false);
  }
  for (let length = 0; length < bytes.length; length += 1) {
    expect(passesKeyCheck(one, bytes.subarray(0, length).toString('base64url'))).toBe(false);
  }
});
