import { statSync } from 'node:fs';
import { chown, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Identity {
  uid: number;
  gid: number;
}

const NOBODY: Identity = { uid: 65534, gid: 65534 };

/** Who a server that refuses to run as root runs as; undefined when we are an ordinary user ourselves. */
export const unprivileged: Identity | undefined = process.getuid?.() === 0 ? NOBODY : undefined;

/** Does work with the rights of an ordinary user, also where we are root. Nothing else may run meanwhile. */
export async function withoutRights<T>(work: () => Promise<T>): Promise<T> {
  if (!unprivileged) return await work();
  process.seteuid?.(unprivileged.uid);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

/** Gives a folder and the files in it to that user. */
export async function handOver(folder: string): Promise<void> {
  if (!unprivileged) return;
  const files = (await readdir(folder)).map((name) => join(folder, name));
  for (const path of [folder, ...files]) await chown(path, unprivileged.uid, unprivileged.gid);
}

/** Whether `unprivileged` can reach the folder: anybody may enter it and every folder above it. */
export function reachable(folder: string): boolean {
  if (!unprivileged) return true;
  if ((statSync(folder).mode & 0o001) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || reachable(parent);
}

/** Where temporary folders of servers go. */
export function serverTmpdir(): string {
  return reachable(tmpdir()) ? tmpdir() : '/tmp';
}
