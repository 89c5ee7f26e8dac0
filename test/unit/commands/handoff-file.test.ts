import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeHandoff } from '../../../src/commands/handoff-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'handoff-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const LETTER = {
  actor: 'dba',
  format: 'sql',
  text: '-- To the database administrator: we are connecting PostgreSQL.\nSELECT 1;\n',
} as const;

test('a script is written, and written over by the next one', async () => {
  const file = join(folder, 'a.sql');
  expect(await writeHandoff(LETTER, file)).toBe(file);
  await writeHandoff({ ...LETTER, text: `${LETTER.text}SELECT 2;\n` }, file);
  expect(await readFile(file, 'utf8')).toContain('SELECT 2');
});

test('a file of somebody else is left alone', async () => {
  const file = join(folder, 'a.sql');
  await writeFile(file, 'mine');
  await expect(writeHandoff(LETTER, file)).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
  expect(await readFile(file, 'utf8')).toBe('mine');
});

test('a link is not followed, wherever it leads', async () => {
  const [file, there] = [join(folder, 'a.sql'), join(folder, 'elsewhere')];
  await symlink(there, file);
  await expect(writeHandoff(LETTER, file)).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
  expect(await readdir(folder)).toEqual(['a.sql']);
  await writeFile(there, LETTER.text);
  await expect(writeHandoff({ ...LETTER, text: 'other' }, file)).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
  expect(await readFile(there, 'utf8')).toBe(LETTER.text);
});
