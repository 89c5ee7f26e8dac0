/** A secret of a KV engine of version 2: where the engine is mounted, where the secret is in it, and which field. */
export interface VaultTarget {
  mount: string;
  path: string;
  /** The newest one without. */
  version?: number;
  key: string;
}

/** What the operator opens: an engine, or what is below a path of it. */
export interface VaultPrefix {
  mount: string;
  path: string;
}

const LONGEST = 512;
// No segment begins with a dot, so that none is `.` or `..`; nothing here needs escaping in a URL.
const SEGMENTS = '[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*';
const PLACE = `(?:(${SEGMENTS}):)?(${SEGMENTS})`;
const TARGET = new RegExp(`^${PLACE}(?:@([1-9][0-9]{0,8}))?#([A-Za-z0-9_.-]{1,128})$`);
const PREFIX = new RegExp(`^(?:(${SEGMENTS}):)?(${SEGMENTS})?/?$`);

/**
 * Reads `[MOUNT:]PATH[@VERSION]#KEY`. Without `MOUNT:` the first segment of the path is the mount:
 * `secret/shop/db#password`; `team/kv:shop/db@3#password`. @returns undefined for anything else
 */
export function parseVaultTarget(text: string): VaultTarget | undefined {
  if (text.length > LONGEST) return undefined;
  const [, mount, path = '', version, key = ''] = TARGET.exec(text) ?? [];
  const place = path === '' ? undefined : placed(mount, path);
  if (!place || place.path === '') return undefined;
  return { ...place, ...(version === undefined ? {} : { version: Number(version) }), key };
}

/** Reads `secret`, `secret/shop`, `team/kv:` or `team/kv:shop`. @returns undefined for anything else */
export function parseVaultPrefix(text: string): VaultPrefix | undefined {
  const [whole, mount, path = ''] = PREFIX.exec(text) ?? [];
  return text.length > LONGEST || !whole || whole === '/' ? undefined : placed(mount, path);
}

/** Whether the operator has opened the target: by whole segments, in this very engine. */
export function isOpened(target: VaultTarget, prefixes: readonly VaultPrefix[]): boolean {
  return prefixes.some(
    ({ mount, path }) =>
      mount === target.mount && (path === '' || target.path === path || target.path.startsWith(`${path}/`)),
  );
}

function placed(mount: string | undefined, path: string): VaultPrefix {
  if (mount !== undefined) return { mount, path };
  const [first = '', ...rest] = path.split('/');
  return { mount: first, path: rest.join('/') };
}
