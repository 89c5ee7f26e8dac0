import { z } from 'zod';
import { REFERENCE_START } from '../../secrets/references.ts';
import type { Condition } from '../conditions.ts';
import {
  type Field,
  type FieldClass,
  type FieldFacts,
  type FieldGroup,
  field,
  isSecret,
  type Role,
  secretText,
} from '../fields.ts';

/**
 * One field of a platform's catalog as its vendor documents it: the vendor's own key, type, default and bounds. A table
 * of these makes a connector; see `vendorConnector`.
 */
export interface VendorField {
  /** `port`: text or a whole number, as the vendor takes both. `json`: text that holds JSON. `file`: many lines. */
  type: 'string' | 'port' | 'integer' | 'number' | 'boolean' | 'strings' | 'array' | 'object' | 'json' | 'text';
  title: string;
  description: string;
  /** Must be supplied: no default, and no condition but `shownWhen`. */
  required?: boolean;
  /** What the vendor takes where nothing is said. It is told in the schema and used by tests, and never sent for it. */
  default?: unknown;
  enum?: readonly (string | number)[];
  /** Of a number; of a text, its length; of a list, how many. */
  min?: number;
  max?: number;
  /** What a text must match, and how to say that. Of a secret, only what is given as it stands can be held to it. */
  pattern?: { is: RegExp; says: string };
  secret?: boolean;
  /** What it means on every platform. */
  role?: Role;
  alsoRoles?: FieldFacts['alsoRoles'];
  portable?: FieldFacts['portable'];
  /** Decides where a secret is sent although it has none of the roles that say so. */
  destination?: boolean;
  /** The part of a URL that does; see `FieldFacts.canonical`. */
  canonical?: FieldFacts['canonical'];
  /** It counts only while these hold; `required` is then "required while it counts". */
  shownWhen?: readonly Condition[];
  /** Virtual fields that stand for it where it is required: `compose` makes it of them. */
  unless?: readonly string[];
  /** The vendor sets it: it is accepted and not sent. */
  serverAssigned?: boolean;
  virtual?: boolean;
  /** In the short schema although it is neither required nor has a role. */
  essential?: boolean;
  examples?: readonly unknown[];
  aka?: readonly string[];
  group?: FieldGroup;
}

export type VendorFields = Readonly<Record<string, VendorField>>;

const DESTINATIONS: ReadonlySet<Role | undefined> = new Set<Role>([
  'url',
  'host',
  'port',
  'tls_mode',
  'tls_ca',
  'ssh_host',
  'ssh_port',
]);
const GROUPS: Readonly<Partial<Record<Role, FieldGroup>>> = {
  username: 'authentication',
  password: 'authentication',
  tls_mode: 'tls',
  tls_ca: 'tls',
  ssh_host: 'ssh',
  ssh_port: 'ssh',
  ssh_username: 'ssh',
  schemas: 'selection',
  tables: 'selection',
};

/** A field of a connector from its row. A field with a condition is optional for zod; `vendorRules` asks for it. */
export function vendorField(row: VendorField): Field {
  const facts = factsOf(row);
  return field(facts, () => {
    const bare = isSecret(facts) ? secretText() : schemaOf(row);
    const told = row.default === undefined ? bare : bare.meta({ default: row.default });
    return isMandatory(row) ? told : told.optional();
  });
}

export function isMandatory({ required = false, shownWhen, virtual = false, unless }: VendorField): boolean {
  return required && shownWhen === undefined && unless === undefined && !virtual;
}

function factsOf(row: VendorField): FieldFacts {
  const { role, alsoRoles, portable, canonical, virtual, unless, shownWhen, examples, aka } = row;
  const isEssential = row.required || role !== undefined || row.secret || row.essential;
  const advanced = isEssential && !row.serverAssigned ? undefined : true;
  const told = { role, alsoRoles, portable, canonical, virtual, unless, shownWhen, examples, aka, advanced };
  return {
    class: classOf(row),
    group: row.group ?? (row.secret ? 'authentication' : ((role && GROUPS[role]) ?? 'connection')),
    title: row.title,
    description: row.description,
    ...(row.required && shownWhen ? { needed: true } : {}),
    ...Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)),
  };
}

function classOf({ secret, destination, role }: VendorField): FieldClass {
  const isDestination = destination ?? DESTINATIONS.has(role);
  if (secret) return isDestination ? 'secret_destination' : 'secret';
  return isDestination ? 'destination' : 'setting';
}

const LONGEST = 65_536;

/** Text as a vendor takes it: lines are permitted, what no system takes is not. */
const text = (min: number, max: number) =>
  z
    .string()
    .min(min)
    .max(max)
    .refine((value) => !value.includes('\0') && value.isWellFormed(), {
      error: 'must not contain NUL or half a character',
    })
    .refine((value) => !REFERENCE_START.test(value), {
      error: 'cannot be a reference: only secrets are taken from references',
    });

function schemaOf(row: VendorField): z.ZodType {
  const { type, min, max, required = false } = row;
  if (row.enum) return z.literal([...row.enum]);
  switch (type) {
    case 'port':
      return z.union([z.string().regex(/^\d{1,5}$/, { error: 'must be a port' }), z.int().min(1).max(65_535)]);
    case 'integer':
      return bounded(z.int(), min, max);
    case 'number':
      return bounded(z.number(), min, max);
    case 'boolean':
      return z.boolean();
    case 'strings':
      return z
        .array(text(1, 1024))
        .min(min ?? 0)
        .max(max ?? 10_000);
    case 'array':
      return z
        .array(z.unknown())
        .min(min ?? 0)
        .max(max ?? 10_000);
    case 'object':
      return z.record(z.string().max(255), z.unknown());
    case 'json':
      return text(1, LONGEST).refine(isJson, { error: 'must be JSON text' });
    default:
      return matching(text(min ?? (required ? 1 : 0), max ?? LONGEST), row.pattern);
  }
}

function matching(schema: z.ZodString, pattern: VendorField['pattern']): z.ZodString {
  return pattern ? schema.regex(pattern.is, { error: pattern.says }) : schema;
}

function bounded(schema: z.ZodNumber, min: number | undefined, max: number | undefined): z.ZodNumber {
  const floored = min === undefined ? schema : schema.min(min);
  return max === undefined ? floored : floored.max(max);
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}
