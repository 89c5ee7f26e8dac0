import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from './root.ts';

/** Builds dist/ where it is missing or older than what it is made from; answers whether it did. */
export async function buildIfStale(): Promise<boolean> {
  const built = await modified(join(projectRoot, 'dist', 'cli.js'));
  const sources = await readdir(join(projectRoot, 'src'), { recursive: true });
  const inputs = [...sources.map((name) => join('src', name)), 'src', 'package-lock.json', 'scripts/build.js'];
  const changed = await Promise.all(inputs.map((name) => modified(join(projectRoot, name))));
  if (built > Math.max(...changed)) return false;
  await promisify(execFile)(process.execPath, [join(projectRoot, 'scripts', 'build.js')], { cwd: projectRoot });
  return true;
}

/** Milliseconds since the epoch; 0 where there is no such file. */
async function modified(path: string): Promise<number> {
  return await stat(path).then(
    (found) => found.mtimeMs,
    () => 0,
  );
}
