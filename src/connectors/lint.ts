import { z } from 'zod';
import { HeadwaterError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { parseReference } from '../secrets/references.ts';
import { CONNECTION_STRING, parseConfig } from './config.ts';
import { CAPABILITIES, CATEGORIES, type Connector } from './define-connector.ts';
import { type FieldFacts, isSecret, UNPRINTABLE } from './fields.ts';
import { connectorSchema } from './json-schema.ts';
import { AUTH, fieldsByPath, valueAt } from './paths.ts';

/** What is wrong with a connector, in words for whoever wrote it; nothing where it is fit. Nothing is connected. */
export function lintConnector(connector: Connector): string[] {
  const shape = SHAPE.safeParse(connector);
  if (!shape.success) return shape.error.issues.map(definitionFault);
  return [
    ...reservedFaults(connector),
    ...[...fieldsByPath(connector)].flatMap(([path, { facts }]) => fieldFaults(path, facts)),
    ...schemaFaults(connector),
  ];
}

const MOST_SCHEMA_BYTES = 16_384;

const text = (least: number, most: number) =>
  z
    .string()
    .min(least, { error: `must have at least ${least} characters` })
    .max(most, { error: `must have at most ${most} characters` })
    .refine((value) => !UNPRINTABLE.test(value), { error: 'holds control or invisible characters' });

const CALLABLE = z.custom<unknown>((value) => typeof value === 'function', { error: 'must be a function' });
const FACTS = z.looseObject({ facts: z.looseObject({}), schema: CALLABLE });
const FIELDS = z.record(z.string(), FACTS);

const SHAPE = z.strictObject({
  code: z.string().regex(/^[a-z][a-z0-9_]{1,63}$/, { error: 'must be snake_case: lower case, digits, underscores' }),
  name: text(2, 60),
  category: z.enum(CATEGORIES, { error: `must be one of ${CATEGORIES.join(', ')}` }),
  aliases: z.array(text(1, 60)).max(30),
  keywords: z.array(text(1, 60)).max(30),
  docsUrl: z
    .string()
    .regex(/^https:\/\/[^\s]+$/, { error: 'must be an https address' })
    .optional(),
  fields: FIELDS,
  connectionString: z.looseObject({}).optional(),
  auth: z.record(z.string(), FIELDS).optional(),
  alternatives: z.record(z.string(), z.array(z.string())).optional(),
  rules: CALLABLE.optional(),
  capabilities: z
    .array(z.enum(CAPABILITIES, { error: `must be of ${CAPABILITIES.join(', ')}` }))
    .refine((given) => given.includes('test'), { error: 'must hold test' }),
  prerequisites: z.array(text(10, 300)).max(20),
  example: z.record(z.string(), z.unknown()),
  probe: CALLABLE,
  schema: CALLABLE,
});

/** An issue of a definition's own shape. */
export function definitionFault({ code, path, message, ...issue }: z.core.$ZodIssue): string {
  const at = path.map(String).join('.');
  if (code === 'unrecognized_keys' && 'keys' in issue) {
    return issue.keys
      .map((key) => {
        const meant = nearest(key, Object.keys(SHAPE.shape));
        return `${at === '' ? '' : `${at}.`}${key} is not known here${meant ? `; did you mean ${meant}?` : ''}`;
      })
      .join('; ');
  }
  const said = /received undefined/.test(message) ? 'is missing' : message.replace(/^Invalid (input|option): /, '');
  return at === '' ? said : `${at} ${said}`;
}

/** `connection_string` is taken apart by the connector's own rules, or not at all. */
function reservedFaults({ fields, connectionString }: Connector): string[] {
  if (connectionString || !(CONNECTION_STRING in fields)) return [];
  return [
    `fields.${CONNECTION_STRING} needs connectionString, which says how it is taken apart; else name it otherwise`,
  ];
}

const CLASSES: readonly string[] = ['setting', 'destination', 'secret', 'secret_destination'];
/** Names that vendors' own keys have too: `database.hostname`. */
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,127}$/;

function fieldFaults(path: string, facts: FieldFacts): string[] {
  const faults: string[] = [];
  const say = (what: string) => faults.push(`fields.${path.replace('/', '.')} ${what}`);
  if (!path.split('/').every((name) => NAME.test(name)) || path === AUTH) say('has a name that no field can have');
  if (!CLASSES.includes(facts.class)) say(`must have a class: ${CLASSES.join(', ')}`);
  if (!text(1, 60).safeParse(facts.title).success) say('needs a title of 1 to 60 printable characters');
  if (!text(11, 220).safeParse(facts.description).success) {
    say('needs a description of 11 to 220 printable characters: .describe(…) in a schema of your own');
  }
  return faults;
}

function schemaFaults(connector: Connector): string[] {
  const faults: string[] = [];
  try {
    const { schema } = connectorSchema(connector, 'full');
    const bytes = JSON.stringify(schema).length;
    if (bytes > MOST_SCHEMA_BYTES) faults.push(`its JSON Schema has ${bytes} bytes; at most ${MOST_SCHEMA_BYTES}`);
    const properties = schema['properties'] as Record<string, Record<string, unknown>>;
    for (const [name, { facts }] of Object.entries(connector.fields)) {
      if (!isSecret(facts)) continue;
      if (properties[name]?.['type'] !== 'string') faults.push(`fields.${name} is a secret, so it must be a string`);
      if (properties[name]?.['default'] !== undefined) faults.push(`fields.${name} is a secret, so it has no default`);
    }
  } catch (error) {
    return [`its JSON Schema cannot be made: ${thrownText(error)}`];
  }
  return [...faults, ...exampleFaults(connector)];
}

function exampleFaults(connector: Connector): string[] {
  try {
    const { secrets } = parseConfig(connector, connector.example);
    return Object.keys(secrets)
      .filter((path) => parseReference(String(valueAt(connector.example, path))) === undefined)
      .map((path) => `example.${path.replace('/', '.')} must be a reference such as \${env:HEADWATER_SECRET_X}`);
  } catch (error) {
    if (!(error instanceof HeadwaterError)) return [`example cannot be checked: ${thrownText(error)}`];
    const fields = error.details.fields ?? [];
    if (fields.length === 0) return [`example does not fit: ${error.message}`];
    return fields.map(
      ({ field, message }) => `example${field.replace(/^\/config/, '').replaceAll('/', '.')} ${message}`,
    );
  }
}

/** An error of somebody's code, on one line. */
export function thrownText(error: unknown): string {
  try {
    const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return said.replace(/\s+/g, ' ').slice(0, 300);
  } catch {
    return 'something that cannot be shown';
  }
}
