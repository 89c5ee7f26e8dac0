import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, pad, plain, widthOf, wrap } from '../../../src/commands/output/text.ts';

describe('text of a terminal', () => {
  it.each([
    ['abc', 3],
    ['naïve', 5],
    ['e\u0301', 1],
    ['日本語', 6],
    ['한글', 4],
    ['ＡＢ', 4],
    ['👩‍👩‍👧 ok', 5],
    ['✓ – … ·', 7],
  ])('%s takes %i cells', (text, cells) => expect(widthOf(text)).toBe(cells));

  it('cuts to the cells there are, never through a character', () => {
    expect(cut('PostgreSQL', 10)).toBe('PostgreSQL');
    expect(cut('PostgreSQL', 6)).toBe('Postg…');
    expect(cut('日本語のデータ', 6)).toBe('日本…');
    expect(cut('two words', 5)).toBe('two…');
    expect(cut('anything', 0)).toBe('');
  });

  it('pads by cells, not by characters', () => {
    expect(pad('日本', 6)).toBe('日本  ');
    expect(pad('1.2', 5, 'right')).toBe('  1.2');
  });

  it('wraps between words and breaks what is too long inside', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('https://example.com/x y', 8)).toEqual(['https://', 'example.', 'com/x y']);
    expect(wrap('', 5)).toEqual(['']);
  });

  it('shows nothing that a terminal would obey', () => {
    expect(plain('a\u001b[31mred\u0007\u009b2J\u202eb\r\nc')).toBe('a[31mred2Jb c');
  });

  it('keeps to the width, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 40 }), (raw, width) => {
        const text = plain(raw);
        expect(widthOf(cut(text, width))).toBeLessThanOrEqual(width);
        for (const line of wrap(text, width)) expect(widthOf(line)).toBeLessThanOrEqual(width);
        expect(wrap(text, width).join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });
});
