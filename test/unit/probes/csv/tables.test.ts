import { describe, expect, it } from 'vitest';
import { columnNames, columnsOf, looksLikeHeader } from '../../../../src/probes/csv/columns.ts';
import { fits } from '../../../../src/probes/csv/dialect.ts';
import { createDecoder, detectEncoding } from '../../../../src/probes/csv/encoding.ts';

describe('encodings', () => {
  const text = 'Grüße, 你好 😀 café\n'.repeat(50);

  it.each([1, 2, 3, 5, 7, 64])('decode in pieces of %i bytes', (size) => {
    for (const [encoding, bytes] of [
      ['utf-8', Buffer.from(text)],
      ['utf-16le', Buffer.from(text, 'utf16le')],
      ['utf-16be', Buffer.from(text, 'utf16le').swap16()],
    ] as const) {
      const decoder = createDecoder(encoding);
      let out = '';
      for (let at = 0; at < bytes.length; at += size) out += decoder.push(bytes.subarray(at, at + size));
      expect(out + decoder.end(), encoding).toBe(text);
    }
  });

  it('windows-1252 is that of the standard', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const wanted = new TextDecoder('windows-1252').decode(bytes);
    // Some Node versions take it for ISO 8859-1.
    if (wanted.includes('€')) expect(createDecoder('windows-1252').push(bytes)).toBe(wanted);
    expect(createDecoder('latin1').push(Buffer.from([0x80, 0x92, 0xe9, 0x9f]))).toBe('€’éŸ');
  });

  it('a head that breaks off inside a character is UTF-8 all the same', () => {
    for (let length = 1; length < 12; length += 1)
      expect(detectEncoding(Buffer.from('a,é,你,😀').subarray(0, length), undefined, false).encoding).toBe('utf-8');
  });
});

it('a whole file that ends in the first byte of a character is not UTF-8', () => {
  expect(detectEncoding(Buffer.from('a,Orl\xe9', 'latin1'), undefined, true).encoding).toBe('windows-1252');
});

describe('delimiters', () => {
  it.each([
    ['a,b\n"x;y",1\n', ','],
    ['a;b;c\n1,5;2;3\n1,5;2;3\n', ';'],
    ['1,5;2,5\n2,5;3,5\n', ';'],
    ['time|text\n10:00|a, b\n11:00|c, d\n', '|'],
  ])('%j', (text, delimiter) => {
    expect(fits(text, '"')[0]?.delimiter).toBe(delimiter);
  });
});

describe('columns', () => {
  it.each([
    [['id', 'name'], true],
    [['1', 'name'], false],
    [['a', 'a'], false],
    [['', 'a'], true],
    [['', '', 'a'], false],
    [['2026-01-01', 'x'], false],
    [['E1', '-'], true],
  ])('%j names columns: %s', (row, is) => {
    expect(looksLikeHeader(row)).toBe(is);
  });

  it('have names of their own, also where the file gives none', () => {
    expect(columnNames(['a', 'a', '', 'a_2', '__proto__'], 6, (text) => text)).toEqual([
      'a',
      'a_2',
      'column_3',
      'a_2_2',
      '__proto__',
      'column_6',
    ]);
  });

  it.each([
    [['1', '-2'], 'integer'],
    [['1', '2.5', '1e9'], 'number'],
    [['007'], 'string'],
    [['true', 'no'], 'boolean'],
    [['2026-01-01'], 'date'],
    [['2026-01-01T10:00:00Z', '2026-01-01 10:00'], 'timestamp'],
    [['1', 'x'], 'string'],
    [['', ''], 'string'],
  ])('%j are of type %s', (cells, type) => {
    expect(
      columnsOf(
        ['x'],
        cells.map((each) => [each]),
      )[0]?.type,
    ).toBe(type);
  });
});
