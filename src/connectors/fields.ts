import { z } from 'zod';
import { TLS_MODES, type TlsMode } from '../net/tls.ts';
import { REFERENCE_START } from '../secrets/references.ts';
import type { Secret } from '../secrets/secret.ts';
import { holdsCertificates } from './certificate-text.ts';
import type { Condition } from './conditions.ts';
import type { Role } from './roles.ts';

export { ROLES, type Role } from './roles.ts';
/**
 * Every field has a class, so that nothing can be forgotten:
 * `setting` is shown and kept; `destination` decides where a secret is sent; `secret` is sealed and never shown;
 * `secret_destination` is both (a connection string).
 */
export type FieldClass = 'setting' | 'destination' | 'secret' | 'secret_destination';

export type FieldGroup = 'connection' | 'authentication' | 'tls' | 'ssh' | 'selection';

export interface FieldFacts {
  class: FieldClass;
  group: FieldGroup;
  title: string;
  description: string;
  role?: Role;
  /** Portable names that it goes by as well, where it is one field for several of them. */
  alsoRoles?: readonly Role[];
  examples?: readonly unknown[];
  /** What of a destination decides where a secret goes, where it is less than the whole: the origin of a URL. */
  canonical?: (value: unknown) => unknown;
  /**
   * What it holds was seen at a destination that these fields make: another value of one of them makes it void, and to
   * add it where there was none only narrows where secrets go.
   */
  seenAt?: readonly string[];
  /**
   * How a value in the portable form becomes this field's and back, where the two differ: a list of tables that is
   * text with commas here. `take` leaves what is in the field's own form as it is.
   */
  portable?: { take: (value: unknown) => unknown; give: (value: unknown) => unknown };
  /** It counts only while these hold. */
  shownWhen?: readonly Condition[];
  /** Required while it counts. */
  needed?: true;
  /** Required, unless all of these are given, which are virtual. */
  unless?: readonly string[];
  /** Taken for portability only: what the platform is sent is made of it, and its schema does not have it. */
  virtual?: boolean;
  /** Left out of the `essential` schema. */
  advanced?: boolean;
  /** Other names people use for it; they feed did-you-mean. */
  aka?: readonly string[];
}

/** A field of a connector: facts said once, and the zod schema, built on first use. `T` is what a probe receives. */
export interface Field<T = unknown> {
  facts: FieldFacts;
  schema: () => z.ZodType;
  /** Its JSON Schema, where `schema` was made from one that cannot say it. */
  json?: Readonly<Record<string, unknown>>;
  /** What a probe gets of a value, where that is another than what is kept. */
  read?: (value: unknown) => unknown;
  /** Phantom: carries `T` for inference, never set. */
  readonly value?: T;
}

export type Fields = Record<string, Field>;

/** The typed config a probe of these fields receives: references resolved, secrets as `Secret`. */
export type ConfigOf<F extends Fields> = { [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** Ways to authenticate by name, each with its fields. */
export type AuthWays = Readonly<Record<string, Fields>>;

/** What a probe receives as `auth`: the way, by `method`, and its fields. Nothing where a connector has one way. */
export type AuthOf<A extends AuthWays> = [keyof A] extends [never]
  ? unknown
  : string extends keyof A
    ? unknown
    : { auth: { [M in keyof A]: { method: M } & ConfigOf<A[M]> }[keyof A] };

export function isSecret(facts: FieldFacts): boolean {
  return facts.class === 'secret' || facts.class === 'secret_destination';
}

export function isDestination(facts: FieldFacts): boolean {
  return facts.class === 'destination' || facts.class === 'secret_destination';
}

/** Stands in a config for a secret that is known and kept, while the rest is checked. */
export const KEPT = '${kept}';

export const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
// A refinement, not a pattern: the rule goes without saying, and need not cost every schema its length.
export const printable = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((value) => !UNPRINTABLE.test(value), { error: 'must not contain control or invisible characters' })
    .refine((value) => !REFERENCE_START.test(value), {
      error: 'cannot be a reference: only secrets are taken from references',
    });

/** Any field: what the ready-made ones below are built from. */
export function field<T>(facts: FieldFacts, schema: () => z.ZodType): Field<T> {
  return { facts, schema };
}

/** A field that is no secret, for connectors of one's own: typed by its schema. */
export function setting<S extends z.ZodType>(
  facts: Omit<FieldFacts, 'class'> & { class?: 'setting' | 'destination' },
  schema: () => S,
): Field<z.output<S>> {
  return field({ class: 'setting', ...facts }, schema);
}

export function host(facts: Partial<FieldFacts> = {}): Field<string> {
  return field(
    {
      class: 'destination',
      group: 'connection',
      role: 'host',
      title: 'Host',
      description: 'Host name or IP address of the server, without scheme or port.',
      examples: ['db.example.com'],
      aka: ['hostname', 'server', 'address', 'endpoint'],
      ...facts,
    },
    () => printable(255),
  );
}

export function port(standard: number): Field<number> {
  return field(
    { class: 'destination', group: 'connection', role: 'port', title: 'Port', description: 'TCP port of the server.' },
    () => z.int().min(1).max(65535).default(standard),
  );
}

export function database(facts: Partial<FieldFacts> = {}): Field<string> {
  return field(
    {
      class: 'setting',
      group: 'connection',
      role: 'database',
      title: 'Database',
      description: 'Name of the database to read.',
      examples: ['shop'],
      aka: ['dbname', 'db', 'database_name'],
      ...facts,
    },
    () => printable(128),
  );
}

export function username(facts: Partial<FieldFacts> = {}): Field<string> {
  return field(
    {
      class: 'setting',
      group: 'authentication',
      role: 'username',
      title: 'User',
      description: 'The user to log in as. One that may only read is best.',
      examples: ['headwater'],
      aka: ['user', 'login', 'user_name'],
      ...facts,
    },
    () => printable(128),
  );
}

export const secretText = () =>
  z
    .string()
    .min(1)
    .max(65_536)
    .refine((value) => value.isWellFormed(), { error: 'holds half of a character' });

/** A secret that must be given. */
export function secret(facts: Partial<FieldFacts> & Pick<FieldFacts, 'title' | 'description'>): Field<Secret> {
  return field({ class: 'secret', group: 'authentication', ...facts }, secretText);
}

export function password(): Field<Secret | undefined> {
  return field(
    {
      class: 'secret',
      group: 'authentication',
      role: 'password',
      title: 'Password',
      description: "The user's password: a reference such as ${env:HEADWATER_SECRET_DB} or ${file:/run/secrets/db}.",
      examples: ['${env:HEADWATER_SECRET_DB}'],
      aka: ['pass', 'passwd', 'pwd'],
    },
    () => secretText().optional(),
  );
}

export function tlsMode(standard: TlsMode): Field<TlsMode> {
  return field(
    {
      class: 'destination',
      group: 'tls',
      role: 'tls_mode',
      title: 'TLS mode',
      description:
        'disable: never. prefer: when the server offers it. require: always, certificate unchecked. ' +
        'verify-ca: certificate must be trusted. verify-full: and name the host.',
      aka: ['ssl', 'sslmode', 'ssl_mode', 'tls'],
    },
    () => z.enum(TLS_MODES).default(standard),
  );
}

export function tlsCa(): Field<string | undefined> {
  return field(
    {
      class: 'destination',
      group: 'tls',
      role: 'tls_ca',
      title: 'CA certificate',
      description: 'PEM text of the authority to trust besides the public ones, for verify-ca and verify-full.',
      advanced: true,
      aka: ['sslrootcert', 'ca', 'ca_cert'],
    },
    () =>
      z
        .string()
        .max(65_536)
        .regex(/-----BEGIN CERTIFICATE-----/, { error: 'must be PEM text with a BEGIN CERTIFICATE line' })
        .refine((text) => !/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text), {
          error: 'holds a private key; give certificates only, and treat that key as exposed',
          abort: true,
        })
        // TLS would pass over a certificate that it cannot read, and then trust nobody.
        .refine(holdsCertificates, { error: 'holds a certificate that cannot be read' })
        .optional(),
  );
}

export function schemaSelection(): Field<string[] | undefined> {
  return field(
    {
      class: 'setting',
      group: 'selection',
      role: 'schemas',
      title: 'Schemas',
      description: 'Schemas to read. Leave out for all but system schemas.',
      examples: [['public']],
      aka: ['schema', 'selected_schemas'],
    },
    () => z.array(printable(63)).min(1).max(100).optional(),
  );
}

export function connectionString(example: string): Field<Secret | undefined> {
  return field(
    {
      class: 'secret_destination',
      group: 'connection',
      title: 'Connection string',
      description: 'Instead of the single fields. It is taken apart at once; a password in it is stored as one.',
      examples: [example],
      aka: ['url', 'uri', 'dsn', 'connection_url', 'database_url'],
    },
    () => z.string().min(1).max(8192).optional(),
  );
}
