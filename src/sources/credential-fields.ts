import { z } from 'zod';
import { type Config, fieldWithRole } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import { type Field, isDestination, isSecret } from '../connectors/fields.ts';
import { askedOfSignIn } from '../connectors/oauth/form.ts';
import { AUTH, type FieldPath, isObject, NO_AUTH, valueAt } from '../connectors/paths.ts';
import { Secret } from '../secrets/secret.ts';
import type { FormField } from './credential-form.ts';

type Settings = Readonly<Record<string, unknown>>;

/** The way to authenticate that a form asks for: the one that is given, or the first that has secrets. */
export function methodOf({ auth = {} }: Connector, settings: Settings): string | undefined {
  const given = valueAt(settings, `${AUTH}/method`);
  if (typeof given === 'string' && given in auth) return given;
  const withSecrets = Object.entries(auth).find(([, fields]) =>
    Object.values(fields).some(({ facts }) => isSecret(facts)),
  );
  return withSecrets?.[0];
}

/** All fields of a connector for one way to authenticate, by path. */
export function fieldsFor(connector: Connector, settings: Settings): Map<FieldPath, Field> {
  const method = methodOf(connector, settings);
  const inside = Object.entries((method === undefined ? undefined : connector.auth?.[method]) ?? {});
  return new Map([
    ...Object.entries(connector.fields),
    ...inside.map(([name, field]): [string, Field] => [`${AUTH}/${name}`, field]),
  ]);
}

/**
 * The secrets that a form asks for where nobody says which: those that are required, and those one logs in with, at an
 * SSH server on the way as well. A connection string is another way to say all of it.
 */
export function wantedSecrets(connector: Connector, settings: Settings): FieldPath[] {
  const sshHost = fieldWithRole(connector, 'ssh_host');
  const isTunnelled = sshHost !== undefined && settings[sshHost] !== undefined;
  return [...fieldsFor(connector, settings)]
    .filter(([path, { facts }]) => isSecret(facts) && path !== 'connection_string' && !facts.virtual)
    .filter(([, field]) => {
      const isRequired = !field.schema().isOptional();
      const isLogin = field.facts.group === 'authentication' && !field.facts.advanced;
      return isRequired || isLogin || (isTunnelled && field.facts.group === 'ssh');
    })
    .map(([path]) => path);
}

/** The inputs of a form: the wanted secrets, and what of the rest is required and not known. */
export function formFields(connector: Connector, settings: Settings, wanted: readonly FieldPath[]): FormField[] {
  const fields = fieldsFor(connector, settings);
  const asked = askedOfSignIn(settings);
  const missing = [...fields].filter(
    ([path, field]) =>
      !isSecret(field.facts) &&
      !field.facts.virtual &&
      valueAt(settings, path) === undefined &&
      (isNeeded(field) || asked.includes(path)),
  );
  const secrets = wanted.flatMap((path): [string, Field][] => {
    const field = fields.get(path);
    return field ? [[path, field]] : [];
  });
  return [...missing, ...secrets].map(([path, field]) => formField(path, field));
}

/** Required by the schema, or what a connection cannot do without. */
function isNeeded(field: Field): boolean {
  return !field.schema().isOptional() || field.facts.role === 'host' || field.facts.role === 'username';
}

function formField(path: FieldPath, { facts, schema }: Field): FormField {
  const secret = isSecret(facts);
  const choice = schema();
  const text = `${facts.title} ${facts.description}`;
  return {
    path,
    title: facts.title,
    description: secret ? withoutReferences(facts.description) : facts.description,
    secret,
    multiline: secret && /\bPEM\b|private key|JSON/i.test(text),
    required: !schema().isOptional() || (secret && facts.role === 'password'),
    ...(choice instanceof z.ZodEnum ? { options: choice.options.map(String) } : {}),
  };
}

/** A form takes the secret itself. */
function withoutReferences(description: string): string {
  return description
    .replace(/:? a reference such as [^.]*\.?/, '.')
    .replace(/,? as a reference\b/, '')
    .replace(/\s*\$\{[^}]*\}/g, '');
}

/** What is fixed, for the person to read: where secrets go comes first. */
export function knownFields(connector: Connector, settings: Settings): { title: string; value: string }[] {
  const given = [...fieldsFor(connector, settings)].filter(([path]) => valueAt(settings, path) !== undefined);
  const first = given.filter(([, { facts }]) => isDestination(facts));
  const rest = given.filter(([, { facts }]) => !isDestination(facts));
  return [...first, ...rest].map(([path, { facts }]) => ({
    title: facts.title,
    value: shown(valueAt(settings, path), isDestination(facts)),
  }));
}

/** Where secrets go is said to its end: what is cut off of a long host is its domain. */
function shown(value: unknown, isWhole: boolean): string {
  const text = typeof value === 'string' ? value : Array.isArray(value) ? value.join(', ') : JSON.stringify(value);
  if (text.length <= 200 || (isWhole && !text.startsWith('-----BEGIN '))) return text;
  return `${text.slice(0, 199)}…`;
}

/** A form's texts as a config: numbers, flags and lists in their types, secrets as they are, the way to authenticate named. */
export function configFrom(
  connector: Connector,
  settings: Settings,
  values: Readonly<Record<FieldPath, string>>,
): Record<string, unknown> {
  const fields = fieldsFor(connector, settings);
  const config: Record<string, unknown> = { ...settings };
  const method = methodOf(connector, settings);
  const auth: Record<string, unknown> = { ...(isObject(settings[AUTH]) ? settings[AUTH] : {}) };
  for (const [path, text] of Object.entries(values)) {
    if (text === '') continue;
    const field = fields.get(path);
    const value = field && !isSecret(field.facts) ? typed(field, text) : text;
    if (path.startsWith(`${AUTH}/`)) auth[path.slice(AUTH.length + 1)] = value;
    else config[path] = value;
  }
  if (connector.auth) config[AUTH] = { method: method ?? NO_AUTH, ...auth };
  return config;
}

function typed(field: Field, text: string): unknown {
  const schema = field.schema();
  const number = Number(text);
  const candidates: unknown[] = [
    text,
    ...(Number.isFinite(number) ? [number] : []),
    text === 'true',
    text.split(/\s*,\s*/),
  ];
  return candidates.find((value) => schema.safeParse(value).success) ?? text;
}

/** A form takes secrets themselves: what it hands over is sealed, and nothing that points elsewhere can be. */
export function referencesIn({ secrets }: Config): { path: FieldPath; message: string }[] {
  return Object.entries(secrets).flatMap(([path, value]) =>
    value instanceof Secret ? [] : [{ path, message: 'takes the secret itself; a reference belongs in the config' }],
  );
}

/** Secrets of a form as they are kept, by path. */
export function literalsOf(secrets: Readonly<Record<FieldPath, unknown>>): Record<FieldPath, Secret> {
  const literals = Object.entries(secrets).flatMap(([path, value]) =>
    value instanceof Secret ? [[path, value] as const] : [],
  );
  return Object.fromEntries(literals);
}
