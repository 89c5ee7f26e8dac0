/** Where a field's value is, without the value, unless it is none that anybody would hide. */
export type FieldFrom =
  /** In an environment variable of this name. */
  | { env: string }
  /** Alone in a file, by its absolute path. */
  | { path: string }
  /** In clear in the file that was looked at; `key` is the name it has there. It was not kept. */
  | { key: string }
  /** A host, a port, a name. Never of a key that could hold a secret. */
  | { value: string | number };

export const PARTS = ['host', 'port', 'database', 'username'] as const;
export const SECRET_PARTS = ['connection_string', 'password'] as const;
export type Part = (typeof PARTS)[number] | (typeof SECRET_PARTS)[number];

/** A connection that a file speaks of. */
export interface Found {
  /** Its path, relative to the folder. */
  file: string;
  /** What in it: `service db`. */
  what: string;
  /** How the file calls what it connects to; absent where names alone do not tell. */
  engine?: string;
  /** A name for it, should a secret have to be stored. */
  name: string;
  fields: Readonly<Partial<Record<Part, FieldFrom>>>;
  notes?: readonly string[];
}

/** That a project works with an engine, where its variables do not say which. */
export interface Hint {
  /** The folder that it speaks for, relative; empty for the whole. */
  folder: string;
  engine: string;
  /** Those that name the one connection go before those that name what could be used. */
  weight: number;
}

/** What one file has told. */
export interface Told {
  found: readonly Found[];
  hints: readonly Hint[];
}

/** A file that is looked at. */
export interface LookedAt {
  /** Relative to the folder, with `/`. */
  file: string;
  /** The absolute path of the folder that it is in. */
  folder: string;
  text: string;
  /** Whether an absolute path is inside the folder that is looked through. */
  isInside: (path: string) => boolean;
}

export const NOTHING: Told = { found: [], hints: [] };

/** A name out of a file that may be shown; anything else in its place is not. */
export function safeName(name: unknown, otherwise: string): string {
  return typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(name) ? name : otherwise;
}

/** The name of a variable, as people write them; what else looks like one may be a value. */
export const VARIABLE = '[A-Z][A-Z0-9_]{1,63}';

/** The folder of a relative path; empty at the top. */
export function folderOf(file: string): string {
  return file.split('/').slice(0, -1).join('/');
}
