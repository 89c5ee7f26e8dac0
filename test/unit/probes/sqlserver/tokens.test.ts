import { expect, test } from 'vitest';
import { answerIn } from '../../../../src/probes/sqlserver/tokens.ts';

/** Answers that are short, and say much. */

function columns(count: number): Buffer {
  const named = Array.from({ length: count }, (_, i) => {
    const name = Buffer.from(`c${i}`, 'utf16le');
    const head = Buffer.alloc(15);
    head[6] = 0xe7;
    head.writeUInt16LE(100, 7);
    head[14] = name.length / 2;
    return Buffer.concat([head, name]);
  });
  return Buffer.concat([Buffer.from([0x81, count & 0xff, count >> 8]), ...named]);
}

/** Every column is NULL, at the price of a bit. */
const sparse = (count: number) => Buffer.concat([Buffer.from([0xd2]), Buffer.alloc(Math.ceil(count / 8), 0xff)]);
const error = Buffer.from([0xaa, 8, 0, 1, 0, 0, 0, 1, 1, 0, 0]);

test('sparse rows are read, and not more than there is room for', () => {
  const some = Buffer.concat([columns(20), ...Array.from({ length: 3 }, () => sparse(20))]);
  expect(answerIn(some).rows).toHaveLength(3);
  const many = Buffer.concat([columns(4096), ...Array.from({ length: 1000 }, () => sparse(4096))]);
  expect(() => answerIn(many)).toThrow(RangeError);
});

test('a refusal has a few errors, not a million', () => {
  expect(answerIn(Buffer.concat(Array.from({ length: 5 }, () => error))).errors).toHaveLength(5);
  expect(() => answerIn(Buffer.concat(Array.from({ length: 1000 }, () => error)))).toThrow(RangeError);
});
