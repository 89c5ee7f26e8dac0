import { type FieldProblem, HeadwaterError } from '../errors.ts';
import type { Connector } from './define-connector.ts';

/** The portable name of a field, where it has one of its own: its role. */
export function portableNames({ fields }: Pick<Connector, 'fields'>): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, { facts }] of Object.entries(fields)) {
    for (const role of [...(facts.role === undefined ? [] : [facts.role]), ...(facts.alsoRoles ?? [])]) {
      if (!names.has(role)) names.set(role, name);
    }
  }
  return names;
}

/**
 * A config under the connector's own keys: portable names (`host`, `username` …) become those of the fields that mean
 * the same, and portable values the connector's form of them.
 * @throws HeadwaterError INVALID_CONFIG where a field is given under both names
 */
export function withOwnNames(
  connector: Connector,
  input: Readonly<Record<string, unknown>>,
  base: string,
): Record<string, unknown> {
  const own: Record<string, unknown> = { ...input };
  const twice: FieldProblem[] = [];
  for (const [role, name] of portableNames(connector)) {
    if (role === name || Object.hasOwn(connector.fields, role) || input[role] === undefined) continue;
    if (input[name] !== undefined)
      twice.push({ field: `${base}/${role}`, message: `is ${name} here; give one of them` });
    delete own[role];
    own[name] = input[role];
  }
  if (twice.length > 0) {
    throw new HeadwaterError('INVALID_CONFIG', 'Some fields are given twice, under two names.', { fields: twice });
  }
  for (const [name, { facts }] of Object.entries(connector.fields)) {
    if (facts.portable && own[name] !== undefined) own[name] = facts.portable.take(own[name]);
  }
  return own;
}
