import { expect, test } from 'vitest';
import { asText, shownType, type TableColumn } from '../../../../src/probes/sqlserver/types.ts';

const column = (base: string, change: Partial<TableColumn> = {}): TableColumn => ({
  name: 'c',
  type: base,
  base,
  isClr: false,
  length: 4,
  precision: 0,
  scale: 0,
  nullable: true,
  ...change,
});

test.each([
  ['int', {}, 'CAST([c] AS nvarchar(50))'],
  ['nvarchar', {}, 'CAST([c] AS nvarchar(800))'],
  ['varbinary', {}, 'CONVERT(nvarchar(800), CONVERT(varbinary(399), [c]), 1)'],
  ['timestamp', {}, 'CONVERT(nvarchar(800), CONVERT(varbinary(399), [c]), 1)'],
  ['xml', {}, 'CAST(CAST([c] AS nvarchar(max)) AS nvarchar(800))'],
  ['ntext', {}, 'CAST(CAST([c] AS nvarchar(max)) AS nvarchar(800))'],
  ['datetimeoffset', {}, 'CONVERT(nvarchar(40), [c], 126)'],
  ['float', {}, 'CONVERT(nvarchar(40), [c], 2)'],
  ['geography', { isClr: true }, 'CAST(CAST([c].ToString() AS nvarchar(max)) AS nvarchar(800))'],
] as const)('%s is read as text', (base, change, sql) => {
  expect(asText('[c]', column(base, change), 800)).toBe(sql);
});

test.each([
  ['nvarchar', { length: 100 }, 'nvarchar(50)'],
  ['varchar', { length: -1 }, 'varchar(max)'],
  ['decimal', { precision: 10, scale: 2 }, 'decimal(10,2)'],
  ['time', { scale: 3 }, 'time(3)'],
  ['int', {}, 'int'],
  ['nvarchar', { type: 'PhoneNumber', length: 40 }, 'PhoneNumber'],
] as const)('%s %j is shown as %s', (base, change, shown) => {
  expect(shownType(column(base, change))).toBe(shown);
});
