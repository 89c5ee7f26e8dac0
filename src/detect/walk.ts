import { constants } from 'node:fs';
import { open, readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** How far is looked. A person points at a project, and a project's own settings are near its top. */
export const LIMITS = { depth: 6, folders: 2_000, files: 300, bytes: 256 * 1024 } as const;

/** Folders in which everything is somebody else's, or made. */
const SKIPPED = new Set([
  'node_modules',
  'bower_components',
  'vendor',
  'dist',
  'build',
  'out',
  'target',
  'coverage',
  'venv',
  'site-packages',
  '__pycache__',
  'dbt_packages',
]);
/** Of those that begin with a dot, what people keep settings in. */
const DOTTED = new Set(['.dbt', '.devcontainer', '.docker', '.config']);

export interface Walked {
  files: readonly { file: string; folder: string; text: string }[];
  folders: number;
  /** Why something was not looked at. */
  leftOut: readonly string[];
}

/**
 * Reads the files whose names are wanted, those near the top first. Links are followed to files inside `root` alone;
 * nothing that is no regular file is opened.
 */
export async function walk(root: string, isWanted: (name: string) => boolean): Promise<Walked> {
  const files: { file: string; folder: string; text: string }[] = [];
  const leftOut = new Set<string>();
  const seen = new Set<string>();
  const waiting: { inside: string; depth: number }[] = [{ inside: '', depth: 0 }];
  let folders = 0;

  const take = async (folder: string, file: string): Promise<void> => {
    if (files.length >= LIMITS.files) return void leftOut.add(`what is behind the first ${LIMITS.files} files`);
    const text = await read(root, join(root, file), seen);
    if (typeof text === 'string') files.push({ file, folder, text });
    else if (text) leftOut.add(`${file}: ${text.why}`);
  };

  for (let next = waiting.shift(); next && folders < LIMITS.folders; next = waiting.shift()) {
    const { inside, depth } = next;
    folders += 1;
    const folder = join(root, inside);
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const sorted = entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    const path = (name: string) => (inside === '' ? name : `${inside}/${name}`);
    for (const { name } of sorted.filter((entry) => !entry.isDirectory() && isWanted(entry.name))) {
      await take(folder, path(name));
    }
    const deeper = sorted.filter((entry) => entry.isDirectory() && isOwn(entry.name));
    if (depth < LIMITS.depth) waiting.push(...deeper.map(({ name }) => ({ inside: path(name), depth: depth + 1 })));
    else if (deeper.length > 0) leftOut.add(`what is deeper than ${LIMITS.depth} folders`);
  }
  if (folders >= LIMITS.folders) leftOut.add(`what is behind the first ${LIMITS.folders} folders`);
  return { files, folders, leftOut: [...leftOut] };
}

function isOwn(name: string): boolean {
  return name.startsWith('.') ? DOTTED.has(name) : !SKIPPED.has(name);
}

/** @returns undefined for what is not there or was read under another name */
async function read(root: string, path: string, seen: Set<string>): Promise<string | { why: string } | undefined> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined || seen.has(real)) return undefined;
  if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) return { why: 'leads out of the folder' };
  seen.add(real);
  // Without NONBLOCK a named pipe would hang us.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const file = await open(real, flags).catch(() => undefined);
  if (!file) return { why: 'may not be read' };
  try {
    const facts = await file.stat();
    if (!facts.isFile()) return { why: 'is no file' };
    if (facts.size > LIMITS.bytes) return { why: `is larger than ${LIMITS.bytes} bytes` };
    return await file.readFile('utf8');
  } catch {
    return { why: 'may not be read' };
  } finally {
    await file.close();
  }
}
