import { constants } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, sep } from 'node:path';
import { HeadwaterError } from '../../errors.ts';
import { Secret } from '../secret.ts';
import { denied, type ReadSecret, type SchemeFacts } from './provider.ts';

export const FILE: SchemeFacts = {
  form: '${file:/path}',
  reads: 'A file, without the line end at its end',
  opened: 'folders in `HEADWATER_REFERENCE_DIRS`',
  isTarget: (target) => !target.includes('\0'),
};

export interface FilePolicy {
  directories: readonly string[];
  /** Folders and files that stay closed inside those: Headwater's own. */
  forbidden: readonly string[];
}

const MAX_FILE_BYTES = 64 * 1024;
/** The system's own views of processes and devices: no secret of a source is there. */
const NEVER = ['/proc', '/sys', '/dev'];

export function fileReader({ directories, forbidden }: FilePolicy): ReadSecret {
  return async (path) => {
    const refused = () =>
      denied(
        `\${file:${path}}`,
        `Only regular files inside ${directories.join(', ') || 'no folder'} may be read. An operator can change HEADWATER_REFERENCE_DIRS.`,
      );
    // Lexically first, so that a path outside never tells whether it exists.
    if (!isAbsolute(path) || !insideAny(path, directories) || path.split(sep).includes('..')) throw refused();
    const real = await realpath(path).catch(() => undefined);
    const roots = await Promise.all(directories.map(realOr));
    // A link that leads nowhere leads outside as well, and what is there is not told.
    if (real === undefined) throw (await leadsInside(path, roots)) ? broken(path, 'does not exist') : refused();
    const closed = await Promise.all([...forbidden, ...NEVER].map(realOr));
    if (!insideAny(real, roots) || closed.includes(real) || insideAny(real, closed)) throw refused();
    return await read(path, real, refused);
  };
}

async function read(path: string, real: string, refused: () => HeadwaterError): Promise<Secret> {
  const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (file === undefined) throw broken(path, 'cannot be opened');
  try {
    const facts = await file.stat();
    if (!facts.isFile()) throw refused();
    if (facts.size > MAX_FILE_BYTES) throw broken(path, `is larger than ${MAX_FILE_BYTES} bytes`);
    if (facts.mode & 0o002) throw broken(path, 'is writable by everybody');
    const text = (await file.readFile('utf8')).replace(/\r?\n$/, '');
    if (!text) throw broken(path, 'is empty');
    return new Secret(text);
  } finally {
    await file.close();
  }
}

function broken(path: string, why: string): HeadwaterError {
  return new HeadwaterError('REFERENCE_BROKEN', `\${file:${path}} ${why}.`, {
    hint: 'A person must put the secret into that file, readable by Headwater and by nobody else.',
  });
}

/** Whether what is there of a path that is not there is inside. */
async function leadsInside(path: string, roots: readonly string[]): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (found) return false;
  const parent = dirname(path);
  const real = await realpath(parent).catch(() => undefined);
  if (real === undefined) return parent !== path && (await leadsInside(parent, roots));
  return roots.includes(real) || insideAny(real, roots);
}

async function realOr(path: string): Promise<string> {
  return await realpath(path).catch(() => path);
}

function insideAny(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(folder.endsWith(sep) ? folder : folder + sep));
}
