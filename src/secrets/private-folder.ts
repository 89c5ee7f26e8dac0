import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes the folder and what is missing above it, for this user alone (0700), durably. Leaves one that is there as it is. */
export async function makePrivateFolder(path: string): Promise<void> {
  const topmost = await mkdir(path, { recursive: true, mode: 0o700 });
  if (topmost !== undefined) await syncFolder(dirname(topmost));
}

/** Makes new names in the folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders and needs no such sync.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
