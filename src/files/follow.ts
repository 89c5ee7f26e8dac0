import { lstat, readlink, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, sep } from 'node:path';

const MOST_LINKS = 40;

/**
 * Where a path leads, link by link, without ever looking at anything outside the roots: `realpath` would, and its
 * errors would tell what is there. Roots themselves may be links; they are the operator's. What does not exist is
 * returned as it is written, since no link can follow.
 * @returns undefined where it leaves the roots
 */
export async function followed(path: string, roots: readonly string[]): Promise<string | undefined> {
  const real = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
  const enter = (absolute: string): [at: string, parts: string[]] | undefined => {
    for (const [index, root] of roots.entries()) {
      for (const spelt of [root, real[index] ?? root])
        if (isInside(absolute, spelt)) return [real[index] ?? root, partsOf(absolute.slice(spelt.length))];
    }
    return undefined;
  };
  const entered = enter(path);
  if (!entered) return undefined;
  let [at, parts] = entered;
  for (let links = 0; parts.length > 0; ) {
    const [part = '', ...rest] = parts;
    parts = rest;
    if (part === '..') {
      at = dirname(at);
      if (!real.some((root) => at === root || isInside(at, root))) return undefined;
      continue;
    }
    const next = join(at, part);
    const target = await linkAt(next);
    if (target === undefined) at = next;
    else {
      links += 1;
      const again = isAbsolute(target) ? enter(target) : ([at, partsOf(target)] as const);
      if (!again || links > MOST_LINKS) return undefined;
      at = again[0];
      parts = [...again[1], ...rest];
    }
  }
  return at;
}

/** True where `path` is below `folder`. */
export function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

async function linkAt(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch {
    return undefined;
  }
}

function partsOf(path: string): string[] {
  return path.split(sep).filter((part) => part !== '' && part !== '.');
}
