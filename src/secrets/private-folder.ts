import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes the folder and what is missing above it, for this user alone (0700), durably; leaves one that is there as it
 * is. Not by Node's recursive `mkdir`, which calls a read-only disk missing, and under /proc never returns.
 */
export async function makePrivateFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makePrivateFolder(parent);
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster.
    if (await isFolder(path)) return;
    throw error;
  }
  await syncFolder(parent);
}

/** Makes new names in the folder survive a power cut, where the system lets us. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    // A folder that may be entered but not read, or a system that syncs no folders (Windows does not open them).
    if (!UNABLE.has(error instanceof Error && 'code' in error ? error.code : undefined)) throw error;
  }
}

const UNABLE: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM', 'EINVAL', 'EISDIR', 'ENOTSUP']);

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
