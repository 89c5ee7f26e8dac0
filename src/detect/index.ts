import { realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { HeadwaterError } from '../errors.ts';
import type { Allow, Opened } from './allow.ts';
import type { LookedAt, Told } from './found.ts';
import { type Proposal, proposalsOf, type Unsupported } from './proposals.ts';
import { readCompose } from './readers/compose.ts';
import { readDbt } from './readers/dbt.ts';
import { readDotenv } from './readers/dotenv.ts';
import { readPackageJson } from './readers/package-json.ts';
import { readPrisma } from './readers/prisma.ts';
import { readScriptConfig } from './readers/script-config.ts';
import { walk } from './walk.ts';

export type { Allow } from './allow.ts';
export type { Proposal } from './proposals.ts';

/** Which files are looked at, and by what. */
const READERS: readonly (readonly [name: RegExp, read: (looked: LookedAt) => Told | Promise<Told>])[] = [
  [/^(docker-)?compose([.-][\w.-]+)?\.ya?ml$/, readCompose],
  [/\.prisma$/, readPrisma],
  [/^(drizzle|prisma)([.-][\w-]+)?\.config\.[cm]?[jt]s$/, readScriptConfig],
  [/^profiles\.ya?ml$/, readDbt],
  [/^package\.json$/, readPackageJson],
  [/^(\.env(\.[\w.-]+)?|[\w.-]+\.env)$/, readDotenv],
];

export interface Detected {
  /** The absolute path of the folder. */
  folder: string;
  proposals: readonly Proposal[];
  /** What is there that no connector is for. */
  unsupported: readonly Unsupported[];
  looked_at: { folders: number; files: readonly string[] };
  left_out: readonly string[];
  /** What concerns several proposals. */
  notes: readonly string[];
}

/**
 * Proposes sources from the names in a folder's files. Nothing is run, nothing is connected, and no value leaves a file
 * but a host, a port or the name of a database of dbt's, and the ports and images of compose.
 * @throws HeadwaterError INVALID_ARGUMENTS where there is no such folder
 */
export async function detect(path: string, known: ReadonlySet<string>, opened: Opened): Promise<Detected> {
  const root = await realpath(path).catch(() => undefined);
  if (root === undefined || !(await stat(root)).isDirectory()) {
    throw new HeadwaterError('INVALID_ARGUMENTS', `There is no folder ${path}.`);
  }
  const { files, folders, leftOut } = await walk(root, (name) => readerOf(name) !== undefined);
  const inside = root.endsWith(sep) ? root : root + sep;
  const told: Told[] = [];
  for (const { file, folder, text } of files) {
    const read = readerOf(file.split('/').at(-1) ?? '');
    if (read) told.push(await read({ file, folder, text, isInside: (each) => each.startsWith(inside) }));
  }
  const all = { found: told.flatMap(({ found }) => found), hints: told.flatMap(({ hints }) => hints) };
  const proposed = proposalsOf(all.found, all.hints, known, opened);
  return {
    folder: root,
    ...proposed,
    looked_at: { folders, files: files.map(({ file }) => file) },
    left_out: leftOut,
    notes: togetherOf(proposed.proposals),
  };
}

function readerOf(name: string) {
  return READERS.find(([pattern]) => pattern.test(name))?.[1];
}

function togetherOf(proposals: readonly Proposal[]): string[] {
  const all = proposals.flatMap(({ allow }) => allow);
  const of = (name: Allow['setting']) =>
    new Set(all.flatMap(({ setting, value = '' }) => (setting === name ? [value] : [])));
  const notes: string[] = [];
  if (of('HEADWATER_ENV_PREFIX').size > 1) {
    notes.push(
      'HEADWATER_ENV_PREFIX takes one value. For the others store the secret with `headwater secret set NAME`, and ' +
        'write ${credential:NAME} in place of ${env:…}.',
    );
  }
  if (of('HEADWATER_REFERENCE_DIRS').size > 1) notes.push('HEADWATER_REFERENCE_DIRS takes all the folders at once.');
  return notes;
}
