import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/commands/config-file.ts';
import { HeadwaterError } from '../../../src/errors.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';

const SECRET = 'hunter2-hunter2';
let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder('config');
});
afterAll(() => folder.remove());

async function refusal(path: string, stdin = ''): Promise<string> {
  const error: unknown = await readConfig(path, Readable.from([Buffer.from(stdin)])).catch((thrown: unknown) => thrown);
  if (!(error instanceof HeadwaterError)) throw new Error(`not refused: ${String(error)}`);
  expect(error.code).toBe('INVALID_ARGUMENTS');
  const text = JSON.stringify(error);
  expect(text).not.toContain(SECRET);
  return text;
}

describe('a config', () => {
  it('comes from a file, with or without a byte order mark', async () => {
    const file = join(folder.path, 'config.json');
    await writeFile(file, '\ufeff{"host": "dé"}');
    expect(await readConfig(file)).toEqual({ host: 'dé' });
  });

  it('comes from standard input, in whatever pieces', async () => {
    const bytes = Buffer.from('{"host": "dé"}');
    const pieces = [...bytes].map((byte) => Buffer.from([byte]));
    expect(await readConfig('-', Readable.from(pieces))).toEqual({ host: 'dé' });
  });

  it.each([
    ['', /Standard input is empty/],
    [`{"password": "${SECRET}",}`, /is not JSON: line 1, column \d+/],
    [`{\n"password": ${SECRET}`, /is not JSON/],
    [`"${SECRET}"`, /holds no JSON object/],
    ['[]', /holds no JSON object/],
    ['null', /holds no JSON object/],
    [`{"password": "${SECRET}"}${' '.repeat(1_000_000)}`, /more than 1000000 bytes/],
  ])('is refused without being quoted: %.40s', async (stdin, message) => {
    expect(await refusal('-', stdin)).toMatch(message);
  });

  it('is refused where there is no such file, or none', async () => {
    expect(await refusal(join(folder.path, 'missing.json'))).toContain('does not exist');
    expect(await refusal(folder.path)).toContain('is a folder');
  });

  it('on the command line itself is refused, and not repeated', async () => {
    expect(await refusal(`{"password":"${SECRET}"}`)).toContain('command lines');
  });
});
