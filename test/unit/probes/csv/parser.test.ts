import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvFault, CsvParser, type Dialect } from '../../../../src/probes/csv/parser.ts';

const COMMA: Dialect = { delimiter: ',', quote: '"' };

function parsed(pieces: readonly string[], dialect = COMMA) {
  const rows: (readonly string[])[] = [];
  const lines: number[] = [];
  const parser = new CsvParser({
    dialect,
    keep: true,
    onRecord: (width, line, cells = []) => {
      expect(cells).toHaveLength(width);
      rows.push(cells);
      lines.push(line);
    },
  });
  for (const piece of pieces) parser.push(piece);
  parser.end();
  return { rows, lines, strays: parser.strays };
}

/** As RFC 4180 writes them, quotes only where they are needed or wanted. */
function serialised(
  rows: readonly (readonly string[])[],
  { delimiter, quote = '' }: Dialect,
  end: string,
  all: boolean,
) {
  const written = (cell: string, alone: boolean) =>
    all || (alone && cell === '') || [delimiter, quote, '\n', '\r'].some((special) => cell.includes(special))
      ? quote + cell.replaceAll(quote, quote + quote) + quote
      : cell;
  return rows.map((row) => row.map((cell) => written(cell, row.length === 1)).join(delimiter) + end).join('');
}

function cut(text: string, at: readonly number[]): string[] {
  const places = [...new Set(at.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [...places, text.length].map((place, index) => text.slice(places[index - 1] ?? 0, place));
}

const cell = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'é', '"', "'", ',', ';', '\t', '|', '\n', '\r', ' ', '\u0000', '😀') }),
  fc.string(),
);
const dialect = fc.record({ delimiter: fc.constantFrom(',', ';', '\t', '|'), quote: fc.constantFrom('"', "'") });

describe('the parser', () => {
  it('gives back what was written, wherever the text is cut, whatever the line ends', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { maxLength: 8 }),
        dialect,
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 6 }),
        (rows, written, end, all, places) => {
          const text = serialised(rows, written, end, all);
          expect(parsed(cut(text, places), written).rows).toEqual(rows);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('measures without keeping as it does with', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r') }),
        fc.array(fc.nat()),
        (text, places) => {
          const run = (keep: boolean, pieces: readonly string[]) => {
            const seen: number[][] = [];
            const parser = new CsvParser({ dialect: COMMA, keep, onRecord: (width, line) => seen.push([width, line]) });
            try {
              for (const piece of pieces) parser.push(piece);
              parser.end();
            } catch (error) {
              return [...seen, (error as CsvFault).kind];
            }
            return [...seen, parser.strays.count];
          };
          expect(run(false, cut(text, places))).toEqual(run(true, [text]));
        },
      ),
    );
  });

  it.each<[string, string[][], number[]]>([
    [
      'a,b\r\n1,2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
      [1, 2],
    ],
    [
      'a,b\n\n\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
      [1, 4],
    ],
    [
      '"x\ny",1\nz,2',
      [
        ['x\ny', '1'],
        ['z', '2'],
      ],
      [1, 3],
    ],
    [
      '"v\rw\r\nx\n\ry",1\rz,2',
      [
        ['v\rw\r\nx\n\ry', '1'],
        ['z', '2'],
      ],
      [1, 6],
    ],
    ['"x\r"\n1', [['x\r'], ['1']], [1, 3]],
    ['a,\n', [['a', '']], [1]],
    ['""\n', [['']], [1]],
    ['5" pipe,x', [['5" pipe', 'x']], [1]],
    ['"a" b,x', [['a b', 'x']], [1]],
  ])('%j', (text, rows, lines) => {
    expect(parsed([text])).toMatchObject({ rows, lines });
  });

  it('counts a line once where the text is cut between CR and LF in quotes', () => {
    expect(parsed(['"x\r', '\ny\r', 'z",1\n', '2,3']).lines).toEqual([1, 4]);
  });

  it('says on which lines something stands behind a closing quote', () => {
    expect(parsed(['a\n"x"y\nb\n"\\"z"\n']).strays).toEqual({ count: 2, lines: [2, 4] });
  });

  it.each([
    ['an open quote at the end', ['a\n"b\nc'], 'unclosed_quote', 2],
    [
      'an open quote that takes all the rest',
      ['a,b\n1,2\n3,"', ...Array(20).fill('x,y\n'.repeat(20_000))],
      'unclosed_quote',
      3,
    ],
    ['a line without end', ['a\n', ...Array(20).fill('x'.repeat(100_000))], 'row_too_long', 2],
  ])('%s', (_, pieces, kind, line) => {
    let fault: unknown;
    try {
      parsed(pieces);
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(CsvFault);
    expect(fault).toMatchObject({ kind, line });
  });
});
