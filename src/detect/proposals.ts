import { type Allow, type Opened, toAllow } from './allow.ts';
import { type FieldFrom, type Found, folderOf, type Hint, type Part, SECRET_PARTS } from './found.ts';

/** A source that could be made of what a folder speaks of. */
export interface Proposal {
  /** Null where names alone do not tell: `candidates` then says what it may be. */
  connector: string | null;
  candidates?: readonly string[];
  config: Readonly<Record<string, string | number>>;
  /** What the config still lacks, and where it is. */
  fill_in: readonly { field: string; from: string }[];
  /** What a person does so that the references can be read. */
  allow: readonly Allow[];
  found_in: readonly { file: string; what: string }[];
  notes: readonly string[];
}

export interface Unsupported {
  engine: string;
  found_in: readonly { file: string; what: string }[];
}

type Fields = Partial<Record<Part, FieldFrom>>;

interface Merged {
  engine: string | undefined;
  candidates: readonly string[];
  name: string;
  fields: Fields;
  found: readonly Found[];
}

/** Connectors that can be meant where nothing tells. */
const DATABASES = ['postgresql', 'mysql', 'mariadb', 'mongodb', 'sqlserver'];
/** What a connector calls a part of its own, where that is another name; null where it has none. */
const OWN_NAMES: Readonly<Record<string, Partial<Record<Part, string | null>>>> = {
  oracle: { database: 'service_name', connection_string: null },
};

/** `known`: codes of the connectors there are. */
export function proposalsOf(
  found: readonly Found[],
  hints: readonly Hint[],
  known: ReadonlySet<string>,
  opened: Opened,
): { proposals: Proposal[]; unsupported: Unsupported[] } {
  const merged = mergedOf(found).map((each) => decided(each, hints));
  const supported = merged.filter(({ engine }) => engine === undefined || known.has(engine));
  const names = new Map<string, number>();
  return {
    proposals: supported.map((each) => proposalOf(each, () => unused(each.name, names), known, opened)),
    unsupported: merged.flatMap((each) =>
      each.engine === undefined || known.has(each.engine)
        ? []
        : [{ engine: each.engine, found_in: placesOf(each.found) }],
    ),
  };
}

/** What shares the variable or the file of a secret is one connection, unless two engines are named. */
function mergedOf(found: readonly Found[]): Merged[] {
  const merged: Merged[] = [];
  for (const each of found) {
    const same = merged.find((other) => isSame(other, each));
    if (!same) {
      merged.push({ engine: each.engine, candidates: [], name: each.name, fields: each.fields, found: [each] });
      continue;
    }
    same.engine ??= each.engine;
    same.found = [...same.found, each];
    same.fields = withFields(same.fields, each.fields);
  }
  return merged;
}

function isSame(one: Merged, other: Found): boolean {
  if (one.engine !== undefined && other.engine !== undefined && one.engine !== other.engine) return false;
  return SECRET_PARTS.some((part) => {
    const [first, second] = [one.fields[part], other.fields[part]];
    if (!first || !second) return false;
    if ('env' in first && 'env' in second) return first.env === second.env;
    return 'path' in first && 'path' in second && first.path === second.path;
  });
}

/** Of two that say the same, the one that says it more directly. */
function withFields(before: Fields, more: Fields): Fields {
  const fields: Fields = { ...before };
  for (const [part, from] of Object.entries(more) as [Part, FieldFrom][]) {
    const there = fields[part];
    if (!there || rank(from) > rank(there)) fields[part] = from;
  }
  return fields;
}

function rank(from: FieldFrom): number {
  return 'value' in from ? 3 : 'env' in from || 'path' in from ? 2 : 1;
}

/** The engine that is named, or else the one that the project nearest to it works with. */
function decided(merged: Merged, hints: readonly Hint[]): Merged {
  if (merged.engine !== undefined) return merged;
  const folder = folderOf(merged.found[0]?.file ?? '');
  const near = hints.filter((hint) => hint.folder === '' || `${folder}/`.startsWith(`${hint.folder}/`));
  for (const some of [near, hints]) {
    const strongest = Math.max(0, ...some.map(({ weight }) => weight));
    const engines = [...new Set(some.filter(({ weight }) => weight === strongest).map(({ engine }) => engine))];
    if (engines.length === 1) return { ...merged, engine: engines[0] };
    if (engines.length > 1) return { ...merged, candidates: engines };
  }
  return { ...merged, candidates: DATABASES };
}

function proposalOf(merged: Merged, newName: () => string, known: ReadonlySet<string>, opened: Opened): Proposal {
  const { engine, candidates, found } = merged;
  const own = OWN_NAMES[engine ?? ''] ?? {};
  const config: Record<string, string | number> = {};
  const fillIn: { field: string; from: string }[] = [];
  const pointed = { variables: new Set<string>(), files: new Set<string>(), stored: new Set<string>() };
  const whole = own.connection_string === null ? undefined : merged.fields.connection_string;
  const fields: Fields = whole ? { connection_string: whole } : merged.fields;

  for (const [part, from] of Object.entries(fields) as [Part, FieldFrom][]) {
    const field = own[part] === undefined ? part : own[part];
    const isSecret = SECRET_PARTS.some((each) => each === part);
    if (field === null) fillIn.push({ field: 'host', from: placeOf(from) });
    else if ('value' in from) config[field] = from.value;
    else if (!isSecret) fillIn.push({ field, from: placeOf(from) });
    else config[field] = referenceTo(from, newName, pointed);
  }
  if (!whole) for (const part of missing(fields)) fillIn.push({ field: own[part] ?? part, from: 'not said' });
  return {
    connector: engine ?? null,
    ...(engine === undefined ? { candidates: candidates.filter((code) => known.has(code)) } : {}),
    config,
    fill_in: fillIn,
    allow: toAllow(
      { variables: [...pointed.variables], files: [...pointed.files], stored: [...pointed.stored] },
      opened,
    ),
    found_in: placesOf(found),
    notes: [...new Set(found.flatMap(({ notes = [] }) => notes))],
  };
}

function referenceTo(
  from: Exclude<FieldFrom, { value: unknown }>,
  newName: () => string,
  pointed: { variables: Set<string>; files: Set<string>; stored: Set<string> },
): string {
  if ('env' in from) {
    pointed.variables.add(from.env);
    return `\${env:${from.env}}`;
  }
  if ('path' in from) {
    pointed.files.add(from.path);
    return `\${file:${from.path}}`;
  }
  const name = newName();
  pointed.stored.add(name);
  return `\${credential:${name}}`;
}

function placeOf(from: FieldFrom): string {
  if ('env' in from) return `the variable ${from.env}`;
  return 'key' in from ? `${from.key} in the file` : 'the file';
}

/** What a connection cannot be made without. */
function missing(fields: Fields): Part[] {
  return (['host', 'username'] as const).filter((part) => fields[part] === undefined);
}

function placesOf(found: readonly Found[]): { file: string; what: string }[] {
  return found.map(({ file, what }) => ({ file, what }));
}

/** A name for a secret of its own. */
function unused(name: string, names: Map<string, number>): string {
  const base = name.replace(/^cs_/, '').slice(0, 56) || 'database';
  const count = (names.get(base) ?? 0) + 1;
  names.set(base, count);
  return count === 1 ? base : `${base}-${count}`;
}
