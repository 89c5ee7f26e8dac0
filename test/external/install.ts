import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../support/root.ts';

/** Programs that judge Headwater from outside, each pinned by the lock in its folder here. */
export type External = 'ai-sdk' | 'conformance' | 'inspector';

const PINS = ['package.json', 'package-lock.json'];

/**
 * Installs a program's packages, where they are not yet, beside the product's own and out of their sight.
 * @returns the folder that holds its `node_modules`
 */
export async function installExternal(name: External): Promise<string> {
  const source = join(projectRoot, 'test', 'external', name);
  const folder = join(projectRoot, 'node_modules', '.cache', 'headwater', name);
  // Written last, so that it stands for a whole installation.
  if (await sameText(join(source, 'package-lock.json'), join(folder, 'node_modules', '.of-lock'))) return folder;
  await mkdir(folder, { recursive: true });
  for (const file of PINS) await copyFile(join(source, file), join(folder, file));
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
  await copyFile(join(source, 'package-lock.json'), join(folder, 'node_modules', '.of-lock'));
  return folder;
}

async function sameText(...paths: readonly string[]): Promise<boolean> {
  const [first, ...rest] = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => undefined)));
  return first !== undefined && rest.every((text) => text === first);
}

/**
 * What could be installed; undefined where the registry is out of reach, so that a test says that it was left out.
 * Nothing is left out where the environment says HEADWATER_TEST_EXTERNAL=all.
 */
export async function ifInstalled<T>(installing: Promise<T>): Promise<T | undefined> {
  if (process.env['HEADWATER_TEST_EXTERNAL'] === 'all') return await installing;
  return await installing.catch(() => undefined);
}
