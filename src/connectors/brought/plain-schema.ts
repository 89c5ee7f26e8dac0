import { z } from 'zod';
import { REFERENCE_START } from '../../secrets/references.ts';
import { type Field, type FieldFacts, isSecret, KEPT, secretText } from '../fields.ts';
import { urlText } from '../http-fields.ts';
import type { JsonSchema } from '../json-schema.ts';
import { isObject } from '../paths.ts';

/** The part of a zod schema that zod 3 and zod 4 have in common. */
export interface PlainSchema {
  safeParse: (value: unknown) => { success: true; data: unknown } | { success: false; error: { issues: PlainIssue[] } };
  description?: string | undefined;
}

interface PlainIssue {
  code?: string;
  message: string;
  path: PropertyKey[];
}

/** JSON Schema (2020-12) of what a schema takes; `undefined` where it cannot be written as one. */
export type ToJson = (schema: PlainSchema) => JsonSchema | undefined;

/** The fields of an object schema by name; `undefined` where it is none. */
export function shapeOf(schema: PlainSchema): Record<string, PlainSchema> | undefined {
  const shape: unknown = 'shape' in schema ? schema.shape : undefined;
  if (isObject(shape)) return shape as Record<string, PlainSchema>;
  // zod 3 wraps a refined object; what is inside has the fields.
  const inner: unknown = isZod3(schema) ? schema._def.schema : undefined;
  return isSchema(inner) && isZod3(schema) && schema._def.effect?.type === 'refinement' ? shapeOf(inner) : undefined;
}

export function isSchema(value: unknown): value is PlainSchema {
  return typeof value === 'object' && value !== null && 'safeParse' in value && typeof value.safeParse === 'function';
}

interface Zod3 {
  _def: { typeName: string; schema?: unknown; effect?: { type?: string } };
}

export function isZod3(schema: PlainSchema): schema is PlainSchema & Zod3 {
  const definition: unknown = '_def' in schema ? schema._def : undefined;
  return isObject(definition) && typeof definition['typeName'] === 'string' && !('_zod' in schema);
}

/**
 * A field around somebody else's schema: its own checks run, ours besides, and its JSON Schema is published. What is
 * kept is what was given; what the schema makes of it (a transform, a coercion) is made for each use.
 */
export function fieldAround(facts: FieldFacts, schema: PlainSchema, json: JsonSchema): Field {
  const { title: _, description: __, $schema: ___, readOnly: ____, ...published } = json;
  const absent = parsed(schema, undefined);
  return {
    facts,
    json: published,
    read: (value) => {
      const result = isSecret(facts) ? undefined : parsed(schema, value);
      return result?.success ? result.data : value;
    },
    schema: () => {
      const checked = z.unknown().transform((value, context) => {
        for (const { message, path } of faultsOf(facts, schema, value)) {
          context.issues.push({ code: 'custom', message, path, input: value });
        }
        return value;
      });
      if (!absent.success) return checked;
      return absent.data === undefined ? checked.optional() : checked.default(() => given(schema));
    },
  };
}

function given(schema: PlainSchema): unknown {
  const result = parsed(schema, undefined);
  return result.success ? result.data : undefined;
}

/** A check of somebody's that throws, or wants to wait, has found nothing: it is a fault of the connector. */
function parsed(schema: PlainSchema, value: unknown): ReturnType<PlainSchema['safeParse']> {
  try {
    return schema.safeParse(value);
  } catch {
    const message = 'cannot be checked: the connector itself is at fault (a check throws, or is asynchronous)';
    return { success: false, error: { issues: [{ message, path: [] }] } };
  }
}

interface Fault {
  message: string;
  path: PropertyKey[];
}

function faultsOf(facts: FieldFacts, schema: PlainSchema, value: unknown): Fault[] {
  const ours = isSecret(facts) ? secretFaults(value) : settingFaults(facts, value);
  if (ours.length === 0 && isSecret(facts) && !isLiteral(value)) return [];
  const result = parsed(schema, value);
  return result.success ? ours : [...ours, ...result.error.issues.map((issue) => told(issue, value, facts))];
}

function secretFaults(value: unknown): Fault[] {
  return value === KEPT ? [] : foundBy(secretText(), value);
}

function settingFaults({ role }: FieldFacts, value: unknown): Fault[] {
  if (role === 'url') return foundBy(urlText(), value);
  return holdsReference(value)
    ? [{ message: 'cannot be a reference: only secrets are taken from references', path: [] }]
    : [];
}

function foundBy(schema: z.ZodType, value: unknown): Fault[] {
  const result = schema.safeParse(value);
  return value === undefined || result.success
    ? []
    : result.error.issues.map(({ message, path }) => ({ message, path }));
}

/** What a reference stands for cannot be checked before it is used. */
function isLiteral(value: unknown): boolean {
  return value !== KEPT && !(typeof value === 'string' && REFERENCE_START.test(value));
}

function holdsReference(value: unknown): boolean {
  if (typeof value === 'string') return REFERENCE_START.test(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsReference);
}

/** An issue in our words where its own may repeat what was given. */
function told({ message, path }: PlainIssue, value: unknown, facts: FieldFacts): Fault {
  if (value === undefined) return { message: 'is required', path: [] };
  if (isSecret(facts)) return { message: 'does not have the form that this secret has', path: [] };
  return { message: message.replace(/^Invalid input: /, '').replace(/,? received [\s\S]*$/, ''), path };
}

/**
 * What an object schema says of its fields together, once each is right for itself. Of secrets that are references or
 * kept nothing is known: what it says of them, or of the whole while there are any, is not heard.
 */
export function rulesOf(schema: PlainSchema, secrets: ReadonlySet<string>) {
  return (config: Readonly<Record<string, unknown>>): { path: string; message: string }[] => {
    const result = parsed(schema, config);
    if (result.success) return [];
    const closed = [...secrets].filter((name) => config[name] !== undefined && !isLiteral(config[name]));
    return result.error.issues
      .filter(({ path: [name] }) => closed.length === 0 || (name !== undefined && !closed.includes(String(name))))
      .map(({ message, path }) => ({ path: path.map(String).join('/'), message }));
  };
}
