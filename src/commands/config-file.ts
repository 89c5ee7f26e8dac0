import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { HeadwaterError } from '../errors.ts';
import { usageError } from './usage-error.ts';

const MAX_BYTES = 1_000_000;
const STDIN = '-';

/**
 * Reads a config from a JSON file, or from standard input for `-`.
 * @throws HeadwaterError INVALID_ARGUMENTS, which never quotes what was read: there may be secrets in it
 */
export async function readConfig(path: string, stdin: Readable = process.stdin): Promise<Record<string, unknown>> {
  // Said before anything else, since a message about a file would repeat it.
  if (/^\s*[{[]/.test(path)) {
    throw usageError(
      '--config takes the name of a JSON file, or - for standard input, not the JSON itself.',
      'Everybody on this machine can see command lines.',
    );
  }
  const what = path === STDIN ? 'Standard input' : path;
  const text = path === STDIN ? await textOf(stdin) : await fileText(path);
  return parse(text.replace(/^\ufeff/, ''), what);
}

function parse(text: string, what: string): Record<string, unknown> {
  if (text.trim() === '') throw usageError(`${what} is empty; a config is a JSON object.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw usageError(
      `${what} is not JSON${placeOf(error, text)}.`,
      'Names and texts stand in double quotes; no comma follows the last one.',
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw usageError(`${what} holds no JSON object.`, 'A config looks like {"host": "db.example.com", …}.');
  }
  return { ...value };
}

/** The parser's own message quotes the text, so only the place is taken from it. */
function placeOf(error: unknown, text: string): string {
  const position = /at position (\d+)/.exec(String(error))?.[1];
  if (position === undefined) return '';
  const before = text.slice(0, Number(position)).split('\n');
  return `: line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read',
  EISDIR: 'is a folder',
};

async function fileText(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      return await textOf(file.createReadStream({ autoClose: false }));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof HeadwaterError || !(error instanceof Error && 'code' in error)) throw error;
    throw usageError(`${path} ${PROBLEMS[String(error.code)] ?? `cannot be read (${String(error.code)})`}.`);
  }
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_BYTES) throw usageError(`A config of more than ${MAX_BYTES} bytes is refused.`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
