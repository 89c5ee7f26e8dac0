import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { readLines } from '../../support/line-reader.ts';

test('lines come whole, whatever the chunks and the separators inside them', async () => {
  const stream = new PassThrough();
  const { lines, onLine } = readLines(stream);
  const heard: string[] = [];
  onLine((line) => heard.push(line));
  const bytes = Buffer.from('{"a":"ü\u2028b"}\n\nlast');
  for (const byte of bytes) stream.write(Buffer.from([byte]));
  await new Promise((resolve) => stream.end(resolve));
  expect(heard).toEqual(['{"a":"ü\u2028b"}', '']);
  expect(lines()).toEqual(['{"a":"ü\u2028b"}', '', 'last']);
});
