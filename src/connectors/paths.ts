import type { AuthWays, Field, FieldFacts, Fields } from './fields.ts';

/** A field's place in a config: `password`, or `auth/token` where the connector has several ways to authenticate. */
export type FieldPath = string;

/** The key of the group that says how to authenticate, and the way that needs nothing. */
export const AUTH = 'auth';
export const NO_AUTH = 'none';

/** The part of a connector that says which fields it has. */
interface HasFields {
  fields: Fields;
  auth?: AuthWays;
}

/** Every field with its path; those of all ways to authenticate, the first of a path where ways share it. */
export function fieldsByPath(connector: HasFields): Map<FieldPath, Field> {
  const fields = new Map(Object.entries(connector.fields));
  for (const variant of Object.values(connector.auth ?? {})) {
    for (const [name, field] of Object.entries(variant)) {
      const path = `${AUTH}/${name}`;
      if (!fields.has(path)) fields.set(path, field);
    }
  }
  return fields;
}

/** The facts of a field, by its name at the top or inside the way to authenticate that is used. */
export function factsOf(connector: HasFields, name: string, method?: string): FieldFacts | undefined {
  return method === undefined ? connector.fields[name]?.facts : connector.auth?.[method]?.[name]?.facts;
}

/** What stands at a path. */
export function valueAt(config: Readonly<Record<string, unknown>>, path: FieldPath): unknown {
  return path.split('/').reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), config);
}

/** A copy of `settings` with values put in their places. */
export function withValues(
  settings: Readonly<Record<string, unknown>>,
  values: Iterable<readonly [FieldPath, unknown]>,
): Record<string, unknown> {
  const whole: Record<string, unknown> = { ...settings };
  for (const [path, value] of values) {
    const [name = '', inner] = path.split('/');
    whole[name] = inner === undefined ? value : { ...(isObject(whole[name]) ? whole[name] : {}), [inner]: value };
  }
  return whole;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
