import { type FieldProblem, HeadwaterError } from '../errors.ts';
import type { Connector } from './define-connector.ts';
import type { AuthWays, Fields } from './fields.ts';
import { AUTH, fieldsByPath, isObject } from './paths.ts';

type HasFields = Pick<Connector, 'fields' | 'auth'>;
type Given = Readonly<Record<string, unknown>>;

/** The portable name of a field, where it has one of its own: its role; with the path of the field. */
export function portableNames({ fields, auth = {} }: HasFields): Map<string, string> {
  const names = rolesOf(fields);
  for (const way of Object.values(auth)) {
    for (const [role, name] of rolesOf(way)) if (!names.has(role)) names.set(role, `${AUTH}/${name}`);
  }
  return names;
}

function rolesOf(fields: Fields): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, { facts }] of Object.entries(fields)) {
    for (const role of [...(facts.role === undefined ? [] : [facts.role]), ...(facts.alsoRoles ?? [])]) {
      if (!names.has(role)) names.set(role, name);
    }
  }
  return names;
}

/**
 * What a platform may do without: its own choice then holds. Whoever asked for it is told.
 */
const DISPENSABLE = [
  'schemas',
  'tables',
  'slot_name',
  'publication',
  'tls_mode',
  'replica_set',
  'bootstrap_servers',
] as const;
/** Of those, what even Headwater's own connectors know, since it says nothing of the source itself. */
const OF_ELSEWHERE: readonly string[] = ['bootstrap_servers'];

/** Portable names of a config that the connector of another platform has nothing for, and that can be left out there. */
export function dispensable(connector: Connector, input: Given): string[] {
  const isOwn = connector.vendorCode === undefined;
  const has = portableNames(connector);
  return DISPENSABLE.filter((role) => !isOwn || OF_ELSEWHERE.includes(role)).filter(
    (role) => input[role] !== undefined && !has.has(role) && !Object.hasOwn(connector.fields, role),
  );
}

/**
 * A config under the connector's own keys: portable names (`host`, `username` …) become those of the fields that mean
 * the same, and portable values the connector's form of them.
 * @throws HeadwaterError INVALID_CONFIG where a field is given under both names
 */
export function withOwnNames(connector: Connector, input: Given, base: string): Record<string, unknown> {
  const own: Record<string, unknown> = { ...input };
  const twice: FieldProblem[] = [];
  const renamed = new Set<string>();
  const top = rolesOf(connector.fields);
  for (const [role, name] of top) {
    if (role === name || Object.hasOwn(connector.fields, role) || input[role] === undefined) continue;
    if (input[name] !== undefined)
      twice.push({ field: `${base}/${role}`, message: `is ${name} here; give one of them` });
    delete own[role];
    own[name] = input[role];
    renamed.add(name);
  }
  const inside = intoAuth(connector.auth, input, (role) => !top.has(role) && !Object.hasOwn(connector.fields, role));
  for (const [role, name] of inside?.names ?? []) {
    const given = isObject(input[AUTH]) ? input[AUTH][name] : undefined;
    if (given !== undefined)
      twice.push({ field: `${base}/${role}`, message: `is ${AUTH}/${name} here; give one of them` });
    delete own[role];
    own[AUTH] = { method: inside?.method, ...(isObject(own[AUTH]) ? own[AUTH] : {}), [name]: input[role] };
  }
  if (twice.length > 0) {
    throw new HeadwaterError('INVALID_CONFIG', 'Some fields are given twice, under two names.', { fields: twice });
  }
  for (const [name, { facts }] of Object.entries(connector.fields)) {
    // Under the platform's own key stands the platform's own form.
    const isPortable = name === facts.role || renamed.has(name);
    if (facts.portable && isPortable && own[name] !== undefined) own[name] = facts.portable.take(own[name]);
  }
  return own;
}

/** The way to authenticate that portable names belong to: the one that was chosen, or the first that has all of them. */
function intoAuth(
  auth: AuthWays | undefined,
  input: Given,
  isFree: (role: string) => boolean,
): { method: string; names: Map<string, string> } | undefined {
  const chosen = isObject(input[AUTH]) ? input[AUTH]['method'] : undefined;
  const ways = Object.entries(auth ?? {}).filter(([method]) => chosen === undefined || method === chosen);
  const found = ways.map(([method, fields]) => {
    const names = [...rolesOf(fields)].filter(([role]) => isFree(role) && input[role] !== undefined);
    return { method, names: new Map(names) };
  });
  const most = Math.max(0, ...found.map(({ names }) => names.size));
  return most === 0 ? undefined : found.find(({ names }) => names.size === most);
}

/** Field names, their portable names and what else people call them, each with the name to use. */
export function knownKeys(connector: Connector): Record<string, string> {
  const known: Record<string, string> = {};
  // Those inside auth first: a name means the field at the top where both have it.
  for (const [path, { facts }] of [...fieldsByPath(connector)].reverse()) {
    for (const other of facts.aka ?? []) known[other] = path;
    known[path.replace(`${AUTH}/`, '')] = path;
    if (facts.role !== undefined) known[facts.role] ??= path;
  }
  return known;
}
