import { z } from 'zod';
import type { JsonSchema } from '../json-schema.ts';
import { isObject } from '../paths.ts';
import { isZod3, type PlainSchema, type ToJson } from './plain-schema.ts';

/** zod 4 writes its own schemas; those of zod 3 take a library, which is loaded for the first of them. */
export async function converterFor(schema: PlainSchema): Promise<ToJson> {
  if (!isZod3(schema)) return fromZod4;
  const { zodToJsonSchema } = await import('zod-to-json-schema');
  return (field) => {
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
    return z.toJSONSchema(schema as never, { io: 'input', target: 'draft-2020-12' }) as JsonSchema;
  } catch {
    return undefined;
  }
};

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
