import { describe, expect, it } from 'vitest';
import { type Column, table } from '../../../src/commands/output/table.ts';
import { widthOf } from '../../../src/commands/output/text.ts';
import { fakeTerminal } from './fake-terminal.ts';

interface Row {
  name: string;
  id: string;
  note: string;
}

const COLUMNS: Column<Row>[] = [
  { title: 'Name', text: ({ name }) => name, fit: 'cut' },
  { title: 'Id', text: ({ id }) => id },
  { title: 'Note', text: ({ note }) => note, fit: 'wrap' },
];
const ROWS: Row[] = [
  { name: 'Bestellungen der Filiale München, gespiegelt', id: 'src_01', note: 'short' },
  { name: '注文データ', id: 'src_02', note: 'a note that is too long for the place that is left for it' },
];

const plainTable = (columns?: number) => {
  const { out } = fakeTerminal({ colours: false, ...(columns === undefined ? {} : { columns }) });
  return table(out, COLUMNS, ROWS);
};

describe('table', () => {
  it('is aligned and whole where there is no terminal', () => {
    expect(plainTable()).toEqual([
      'Name                                          Id      Note',
      'Bestellungen der Filiale München, gespiegelt  src_01  short',
      '注文データ                                    src_02  a note that is too long for the place that is left for it',
    ]);
  });

  it('fits a terminal: cuts what may be cut, wraps what may be wrapped, leaves the rest alone', () => {
    expect(plainTable(56)).toEqual([
      'Name                     Id      Note',
      'Bestellungen der Filia…  src_01  short',
      '注文データ               src_02  a note that is too long',
      '                                 for the place that is',
      '                                 left for it',
    ]);
  });

  it.each([40, 47, 60, 80, 200])('keeps to %i columns', (columns) => {
    for (const line of plainTable(columns)) expect(widthOf(line)).toBeLessThanOrEqual(columns);
  });

  it('shows no control characters of a cell', () => {
    const { out } = fakeTerminal();
    const rows = [{ name: 'evil\u001b]0;title\u0007', id: '\u009b', note: 'two\nlines' }];
    expect(table(out, COLUMNS, rows)[1]).toBe('evil]0;title      two lines');
  });
});
