import { describe, expect, test } from 'vitest';
import { packet, refusal, standardAnswer, startFakeMysql, table } from './fake.ts';
import { expectAgainst, testAgainst, wrongProtocol } from './rows.ts';

const VERSION = /VERSION\(\)/;
const lying = (answer: Buffer | undefined, where = VERSION) =>
  startFakeMysql({ statement: (text) => (where.test(text) ? answer : standardAnswer(text)) });

const unreadable = 'its answer cannot be read';
const column = packet(
  2,
  Buffer.concat(['def', '', '', '', 'a', 'a'].map((name) => Buffer.from([name.length, ...Buffer.from(name)]))),
);
const end = (number: number) => packet(number, Buffer.from([0xfe, 0, 0, 2, 0]));
const rows = (...payloads: Buffer[]) =>
  Buffer.concat([packet(1, Buffer.from([1])), column, end(3), ...payloads.map((row, i) => packet(4 + i, row))]);

describe('an answer that no server gives', () => {
  test.concurrent.each([
    [
      'a request for a file of ours',
      packet(1, Buffer.from('\xfb/etc/passwd', 'latin1')),
      'it asks for a file of this machine',
    ],
    ['a million columns', packet(1, Buffer.from([0xfd, 0x40, 0x42, 0x0f])), 'its answer has too many columns'],
    ['a count cut short', packet(1, Buffer.from([0xfc, 1])), unreadable],
    ['an empty packet', packet(1, ''), unreadable],
    ['a column cut short', Buffer.concat([packet(1, Buffer.from([1])), packet(2, Buffer.from([9, 1]))]), unreadable],
    [
      'more columns than it said',
      Buffer.concat([packet(1, Buffer.from([1])), column, packet(3, column)]),
      'its answer has more columns than it says',
    ],
    ['a row cut short', rows(Buffer.from([0xfc, 0xff])), unreadable],
    ['a row with a length of 2^64', rows(Buffer.concat([Buffer.from([0xfe]), Buffer.alloc(12, 0xff)])), unreadable],
    ['an empty row', rows(Buffer.alloc(0)), unreadable],
    ['packets out of order', packet(7, Buffer.from([0, 0, 0])), 'its packets are out of order'],
    ['a packet of 16 MB', Buffer.from('ffffff01', 'hex'), 'its answer is not of this protocol'],
    ['a refusal cut short', packet(1, Buffer.from([0xff])), unreadable],
  ] as const)('%s', async (_, answer, what) => {
    await expectAgainst(lying(answer), wrongProtocol(what, 'database', 'auth'));
  });

  test.concurrent.each([
    [
      'rows without end',
      rows(...Array.from({ length: 100_000 }, () => Buffer.from([0xfb]))),
      'its answer has too many rows',
    ],
    ['empty packets without end', Buffer.alloc(40_000_000), 'its packets are out of order'],
  ] as const)('%s', async (_, answer, what) => {
    await expectAgainst(lying(answer), wrongProtocol(what, 'database', 'auth'));
  });

  test.concurrent('rows without end and without rows: 65 MB', async () => {
    const row = Buffer.alloc(2_000_000, 0x61);
    row.set([0xfd, 0x7c, 0x84, 0x1e]);
    const answer = rows(...Array.from({ length: 36 }, () => row));
    await expectAgainst(lying(answer), wrongProtocol('it sends without end', 'database', 'auth'), { soonMs: 5000 });
  });

  test.concurrent('none at all', async () => {
    const { step } = await testAgainst(lying(undefined), { timeoutS: 0.6 });
    expect(step('database')).toMatchObject({ status: 'fail', code: 'QUERY_TIMEOUT', retryable: true });
  });
});

describe('an answer that says no', () => {
  test.concurrent.each([
    [1820, 'You must reset your password', 'database', VERSION, 'PASSWORD_EXPIRED'],
    [1227, 'Access denied; you need the PROCESS privilege', 'database', VERSION, 'QUERY_FAILED'],
    [
      3024,
      'Query execution was interrupted, maximum statement execution time exceeded',
      'read',
      /LIMIT 1$/,
      'QUERY_TIMEOUT',
    ],
    [1030, 'Got error 122 from storage engine', 'read', /LIMIT 1$/, 'READ_FAILED'],
    [1142, "SELECT command denied to user 'reader'@'%'", 'list', /LIMIT 0$/, 'TABLES_DENIED'],
  ] as const)('%i, %s', async (number, message, id, where, code) => {
    const { step } = await testAgainst(lying(packet(1, refusal(number, message, '#42000')), where));
    expect(step(id)).toMatchObject({ status: 'fail', code, actor: 'dba' });
  });

  test.concurrent('the transaction is ended whatever happens in it', async () => {
    const said: string[] = [];
    const server = startFakeMysql({
      statement: (text) => {
        said.push(text);
        return /LIMIT 1$/.test(text) ? packet(1, refusal(1030, 'Got error 122')) : standardAnswer(text);
      },
    });
    await testAgainst(server);
    const begun = said.indexOf('START TRANSACTION READ ONLY');
    expect(said.slice(begun, begun + 3)).toEqual([
      'START TRANSACTION READ ONLY',
      'SELECT /*+ MAX_EXECUTION_TIME(2500) */ 1 FROM `shop`.`orders` LIMIT 1',
      'ROLLBACK',
    ]);
  });
});

test('names from the catalogue are quoted wherever they go, and cleaned wherever they are shown', async () => {
  const name = 'x` ; DROP TABLE y; -- \u202e\x1b[31m';
  const said: string[] = [];
  const server = startFakeMysql({
    statement: (text) => {
      said.push(text);
      if (/TABLE_TYPE/.test(text)) return table(['namespace', 'name', 'kind'], [['shop', name, 'BASE TABLE']]);
      if (/information_schema\.TABLES/.test(text)) return table(['namespace', 'name'], [['shop', name]]);
      return standardAnswer(text);
    },
  });
  const { step } = await testAgainst(server);
  expect(said).toContain(
    `SELECT /*+ MAX_EXECUTION_TIME(2500) */ 1 FROM \`shop\`.\`${name.replace('`', '``')}\` LIMIT 1`,
  );
  expect(said.filter((text) => text.includes('information_schema') && text.includes('DROP'))).toEqual([]);
  expect(step('read').evidence).toBe('`shop`.`x`` ; DROP TABLE y; -- [31m`');
});
