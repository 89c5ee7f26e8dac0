import { z } from 'zod';
import type { JsonSchema } from '../json-schema.ts';
import { isObject } from '../paths.ts';
import { isSchema, isZod3, type PlainSchema, type ToJson } from './plain-schema.ts';

/** zod 4 writes its own schemas; those of zod 3 take a library, which is loaded for the first of them. */
export async function converterFor(schema: PlainSchema): Promise<ToJson> {
  if (!isZod3(schema)) return fromZod4;
  const { zodToJsonSchema } = await import('zod-to-json-schema');
  return (field) => {
    if (isZod3(field) && !fromJson(field)) return undefined;
    // The library's own type takes zod 3's classes, of which these are; which copy of zod made them does not matter.
    const json = zodToJsonSchema(field as never, {
      target: 'jsonSchema2019-09',
      $refStrategy: 'none',
      strictUnions: true,
    });
    return withoutAbsence(withTuplesOf2020(json) as JsonSchema);
  };
}

const fromZod4: ToJson = (schema) => {
  try {
    return inlined(
      z.toJSONSchema(schema as never, { io: 'input', target: 'draft-2020-12', cycles: 'throw' }) as JsonSchema,
    );
  } catch {
    return undefined;
  }
};

/** Values that JSON cannot hold, for which the library publishes something that the schema then refuses. */
function fromJson(schema: PlainSchema): boolean {
  if (!isZod3(schema)) return true;
  const { typeName, innerType, schema: inner, coerce } = schema._def as Record<string, unknown>;
  if (/^Zod(Date|BigInt)$/.test(String(typeName))) return coerce === true;
  if (/^Zod(Map|Set|Symbol|Function|Promise|NaN)$/.test(String(typeName))) return false;
  return [innerType, inner].every((each) => !isSchema(each) || fromJson(each));
}

/** A field's schema stands inside another one, where references from its own root lead nowhere. @throws for circles */
function inlined({ $defs, ...schema }: JsonSchema): JsonSchema {
  const definitions = isObject($defs) ? $defs : {};
  const walk = (part: unknown, inside: readonly string[]): unknown => {
    if (Array.isArray(part)) return part.map((each) => walk(each, inside));
    if (!isObject(part)) return part;
    const { $ref, ...rest } = part;
    const own = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, walk(value, inside)]));
    if (typeof $ref !== 'string') return own;
    const name = $ref.replace('#/$defs/', '');
    if (inside.includes(name) || !isObject(definitions[name])) throw new TypeError(`a circle at ${name}`);
    const { id: _, ...definition } = walk(definitions[name], [...inside, name]) as JsonSchema;
    return { ...definition, ...own };
  };
  return walk(schema, []) as JsonSchema;
}

/** The library writes an optional field as one that is nothing or something; `required` says it here. */
function withoutAbsence({ anyOf, ...rest }: JsonSchema): JsonSchema {
  if (!Array.isArray(anyOf)) return rest;
  const [nothing, something] = anyOf as JsonSchema[];
  const isAbsence = anyOf.length === 2 && isObject(nothing?.['not']) && Object.keys(nothing['not']).length === 0;
  return isAbsence ? { ...something, ...rest } : { ...rest, anyOf };
}

/** 2020-12 calls the items of a tuple `prefixItems`, and what may follow them `items`. */
function withTuplesOf2020(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withTuplesOf2020);
  if (typeof json !== 'object' || json === null) return json;
  const { items, additionalItems, ...rest } = json as JsonSchema;
  const whole = Array.isArray(items)
    ? { ...rest, prefixItems: items, ...(additionalItems === undefined ? {} : { items: additionalItems }) }
    : { ...rest, ...(items === undefined ? {} : { items }) };
  return Object.fromEntries(Object.entries(whole).map(([key, value]) => [key, withTuplesOf2020(value)]));
}
