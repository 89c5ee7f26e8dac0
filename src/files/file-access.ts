import { constants } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { isAbsolute, resolve, sep } from 'node:path';
import { followed, isInside } from './follow.ts';

/** Why a file is not read. `outside` is said of everything that is not under a root, whether it exists or not. */
export type FileRefusal = 'outside' | 'missing' | 'not_a_file' | 'unreadable';

export class FileRefused extends Error {
  readonly reason: FileRefusal;
  constructor(reason: FileRefusal) {
    super(reason);
    this.name = 'FileRefused';
    this.reason = reason;
  }
}

export interface OpenFile {
  /** Bytes, when it was opened. */
  readonly size: number;
  /** Fills the buffer from where the last read ended. @returns bytes read; 0 at the end */
  read(into: Buffer): Promise<number>;
  close(): Promise<void>;
}

declare const located: unique symbol;
/** A place under a root. Only `FileAccess.locate` makes one, so nothing outside can be opened. */
export type FilePlace = string & { readonly [located]: true };

/** The one gate for files that an agent names. */
export interface FileAccess {
  /** Folders that may be read, as the operator wrote them. */
  readonly roots: readonly string[];
  /** Follows links as far as they stay under the roots. @throws FileRefused `outside` */
  locate(path: string): Promise<FilePlace>;
  /** @throws FileRefused */
  open(place: FilePlace): Promise<OpenFile>;
}

export interface FileAccessOptions {
  roots: readonly string[];
  /** Folders and files that stay closed although a root holds them: keys, the store, secrets. */
  closed: readonly string[];
}

/** Where the kernel shows processes and devices as files. */
const SYSTEM = ['/proc', '/sys', '/dev'];

export function createFileAccess({ roots, closed }: FileAccessOptions): FileAccess {
  const within = roots.map((root) => resolve(root));
  return {
    roots: within,
    async locate(path) {
      // By its text first: a path outside is never looked at.
      if (!isAbsolute(path) || /\p{Cc}/u.test(path) || path.split(/[\\/]/).includes('..')) throw outside();
      const found = await followed(path, within);
      if (found === undefined) throw outside();
      const shut = [...SYSTEM, ...(await Promise.all(closed.map(realOr)))];
      if (shut.some((folder) => found === folder || isInside(found, folder))) throw outside();
      return found as FilePlace;
    },
    open: openRegular,
  };
}

async function openRegular(place: FilePlace): Promise<OpenFile> {
  // Looked at before it is opened: opening a device can already do something.
  const seen = await lstat(place).catch(refuse);
  if (!seen.isFile()) throw new FileRefused('not_a_file');
  const handle = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(refuse);
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw new FileRefused('not_a_file');
    // A folder on the way may have become a link between the look and the opening.
    const now = await lstat(place).catch(refuse);
    if ((await realOr(place)) !== place || now.ino !== facts.ino || now.dev !== facts.dev) throw outside();
    return opened(handle, facts.size);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function opened(handle: FileHandle, size: number): OpenFile {
  return {
    size,
    async read(into) {
      const { bytesRead } = await handle.read(into, 0, into.length).catch(refuse);
      return bytesRead;
    },
    close: () => handle.close(),
  };
}

function outside(): FileRefused {
  return new FileRefused('outside');
}

function refuse(error: NodeJS.ErrnoException): never {
  const missing = error.code === 'ENOENT' || error.code === 'ENOTDIR';
  throw new FileRefused(missing ? 'missing' : error.code === 'ELOOP' ? 'outside' : 'unreadable');
}

async function realOr(path: string): Promise<string> {
  return await realpath(path).catch(() => resolve(path).replace(new RegExp(`(?<=.)\\${sep}$`), ''));
}
