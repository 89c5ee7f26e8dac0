import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isHeaderName, isHeaderValue } from '../../../src/net/header.ts';
import { nameKey } from '../../../src/sources/source.ts';
import { name, tags } from '../../../src/tools/inputs.ts';
import { type InMemory, inMemory } from '../../support/in-memory.ts';

/** Names of sources: seen as they are, told apart by everybody who reads them. */

let lab: InMemory;
beforeAll(async () => {
  lab = await inMemory();
});
afterAll(() => lab.close());

const create = (text: unknown) =>
  lab.call('create_source', {
    connector: 'csv',
    config: { path: '/data/x.csv' },
    name: text,
    desired_state: 'Pending',
  });
const isTaken = (text: string) => name.safeParse(text).success;

const chars = (from: number, to: number) =>
  fc.integer({ min: from, max: to }).map((code) => String.fromCodePoint(code));
const unseen = fc.oneof(
  chars(0x00, 0x1f),
  chars(0x7f, 0x9f),
  fc.constantFrom('\u00ad', '\u034f', '\u061c', '\u180e', '\u2800', '\u3164', '\ufeff'),
  fc.constantFrom('\u200b', '\u200c', '\u200d', '\u200e', '\u200f'),
  chars(0x202a, 0x202e),
  chars(0x2060, 0x206f),
  fc.constantFrom('\u2028', '\u2029'),
  chars(0xfff9, 0xfffb),
  chars(0xd800, 0xdfff),
  chars(0xe0000, 0xe007f),
  chars(0xe0100, 0xe01ef),
);
const word = fc.stringMatching(/^[A-Za-z0-9]{1,10}$/);

test('what cannot be seen, turns text around or hides a message is in no name and no tag', () => {
  fc.assert(
    fc.property(word, unseen, word, (before, sign, after) => {
      expect(isTaken(`${before}${sign}${after}`)).toBe(false);
      expect(tags.safeParse([`${before}${sign}${after}`]).success).toBe(false);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  'Заказы',
  'طلبات',
  'سفارش‌ها',
  'הזמנות',
  '注文 2026',
  'क्षत्रिय',
  'Tiếng Việt',
  'family 👨‍👩‍👧',
  'heart ❤️',
  'flag 🏴󠁧󠁢󠁥󠁮󠁧󠁿'.slice(0, 7),
  'a/b\\c "d" \'e\'',
])('%s is a name', (text) => expect(isTaken(text)).toBe(true));

test.each([
  ['no text', ''],
  ['blanks', '   '],
  ['256 signs', 'a'.repeat(256)],
  ['a pile of marks', `a${'\u0301'.repeat(40)}`],
  ['a list', ['a']],
  ['a number', 7],
  ['null', null],
  ['an object', { toString: 'x' }],
])('%s is none', (_, text) => expect(name.safeParse(text).success).toBe(false));

test.each([
  ['Straße', 'STRASSE'],
  ['ΟΔΟΣ', 'οδος'],
  ['é', 'e\u0301'],
  ['İstanbul', 'i\u0307stanbul'],
  ['orders', '  Orders '],
  ['heart ❤️', 'Heart ❤'],
])('%s and %s are one name', async (one, another) => {
  expect(nameKey(one)).toBe(nameKey(another));
  expect((await create(one)).isError).toBe(false);
  expect((await create(another)).error).toMatchObject({ code: 'NAME_TAKEN' });
});

test('a name and its spellings are one, and no others are', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), (text) => {
      for (const other of [text.normalize('NFD'), text.normalize('NFC'), text.toUpperCase(), ` ${text} `]) {
        expect(nameKey(other)).toBe(nameKey(text));
      }
      expect(nameKey(nameKey(text))).toBe(nameKey(text));
      expect(nameKey(`${text}x`)).not.toBe(nameKey(text));
    }),
    { numRuns: 1000 },
  );
});

test('a header that is taken can be sent, and ends where it should', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc
      .array(fc.constantFrom('a', ':', ' ', '\r', '\n', '\0', '\t', '\x7f', 'é', '你', '\u{1f600}'), { maxLength: 6 })
      .map((a) => a.join('')),
  );
  fc.assert(
    fc.property(text, text, (key, value) => {
      const fits = isHeaderName(key) && isHeaderValue(value);
      if (!fits) return;
      expect(value).not.toMatch(/[\r\n\0]/);
      expect(new Headers([[key, value]]).get(key)).toBe(value.replace(/^[\t ]+|[\t ]+$/g, ''));
    }),
    { numRuns: 2000 },
  );
});
