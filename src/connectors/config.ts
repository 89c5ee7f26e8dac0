import { type FieldProblem, HeadwaterError } from '../errors.ts';
import { fieldProblems, inputFault } from '../issues.ts';
import { parseConnectionString } from '../secrets/connection-string.ts';
import { parseReference, REFERENCE_INSIDE, type Reference } from '../secrets/references.ts';
import { Secret } from '../secrets/secret.ts';
import { alternativeProblems, leftBehind } from './alternatives.ts';
import { canonicalHost } from './canonical-host.ts';
import type { Connector } from './define-connector.ts';
import { type FieldFacts, isDestination, isSecret, KEPT, type Role } from './fields.ts';
import { refuseMasks } from './masks.ts';
import { AUTH, type FieldPath, factsOf, fieldsByPath, isObject, NO_AUTH, valueAt, withValues } from './paths.ts';
import { dispensable, knownKeys, withOwnNames } from './portable.ts';

export type SecretValue = Secret | Reference;

/**
 * A validated config: what may be shown apart from what may not. Literals are `Secret`s from here on;
 * references stay references until they are used.
 */
export interface Config {
  settings: Readonly<Record<string, unknown>>;
  /** By path: `password`, `auth/token`. */
  secrets: Readonly<Record<FieldPath, SecretValue>>;
  /** Portable names that were given and that the platform has nothing for: they are not part of it. */
  leftOut?: readonly string[];
}

export const CONNECTION_STRING = 'connection_string';
export const BASE = '/config';
/** What only the connection string may say, where there is one. */
const ADDRESS: readonly string[] = ['host', 'port', 'username', 'database'];

/**
 * Validates what an agent gave. A literal connection string is taken apart at once.
 * @throws HeadwaterError INVALID_CONFIG with a field problem for each thing wrong
 */
export function parseConfig(connector: Connector, input: Readonly<Record<string, unknown>>): Config {
  refuseFault(input);
  const own = inOwnForm(connector, input);
  const leftOut = dispensable(connector, own);
  const given = Object.fromEntries(Object.entries(own).filter(([name]) => !leftOut.includes(name)));
  refuseMasks(connector, given, BASE);
  return { ...validated(connector, given, {}), ...(leftOut.length > 0 ? { leftOut } : {}) };
}

/** A config as its connector has it: its own form, its own names, a connection string taken apart. */
export function inOwnForm(connector: Connector, given: Readonly<Record<string, unknown>>, stored?: Config['settings']) {
  const own = connector.normalise?.(given, stored) ?? given;
  return withOwnNames(connector, expandConnectionString(connector, own), BASE);
}

/**
 * A stored config with some fields replaced and some removed; what is not named stays, secrets included. Whether they
 * may stay is for the caller to judge (`destinationOf`). @throws HeadwaterError INVALID_CONFIG
 */
export function mergeConfig(
  connector: Connector,
  before: Config,
  patch: Readonly<Record<string, unknown>>,
  removed: readonly string[],
): Config {
  refuseFault(patch);
  const given = inOwnForm(connector, patch, before.settings);
  refuseMasks(connector, given, BASE);
  const said = [...removed, ...leftBehind(connector, given), ...seenElsewhere(connector, before, given, removed)];
  const isExpanded = connector.connectionString && patch[CONNECTION_STRING] !== undefined;
  const replaced = isExpanded ? [...said, CONNECTION_STRING, ...ADDRESS] : said;
  const auth = mergeAuth(before, given[AUTH]);
  // What an earlier version of the connector had, this one knows nothing of.
  const known = fieldsByPath(connector);
  const stays = ([path]: [string, unknown]) =>
    (path === AUTH || known.has(path)) &&
    valueAt(given, path) === undefined &&
    !replaced.some((gone) => path === gone || path.startsWith(`${gone}/`));
  const settings = Object.fromEntries(Object.entries(before.settings).filter(stays));
  const secrets = Object.fromEntries(
    Object.entries(before.secrets)
      .filter(stays)
      .filter(([path]) => auth.keeps || !path.startsWith(`${AUTH}/`)),
  );
  return validated(connector, { ...settings, ...given, ...auth.given }, secrets);
}

/** What was seen where the config no longer leads. */
function seenElsewhere(
  connector: Connector,
  { settings }: Config,
  given: Record<string, unknown>,
  removed: readonly string[],
): string[] {
  const now = withCanonicalHosts(connector, given);
  const differs = (name: string) => removed.includes(name) || (now[name] !== undefined && now[name] !== settings[name]);
  return Object.entries(connector.fields).flatMap(([name, { facts }]) => (facts.seenAt?.some(differs) ? [name] : []));
}

/** `{}` wipes, another method replaces, anything else is merged field by field. */
function mergeAuth({ settings }: Config, given: unknown): { given: Record<string, unknown>; keeps: boolean } {
  if (!isObject(given)) return { given: {}, keeps: given === undefined };
  const stored = isObject(settings[AUTH]) ? settings[AUTH] : {};
  if (Object.keys(given).length === 0) return { given: { [AUTH]: { method: NO_AUTH } }, keeps: false };
  const keeps = given['method'] === undefined || given['method'] === stored['method'];
  return { given: { [AUTH]: keeps ? { ...stored, ...given } : given }, keeps };
}

/** Validates a whole config whose `kept` secrets are already known. @throws HeadwaterError INVALID_CONFIG */
export function validated(
  connector: Connector,
  input: Readonly<Record<string, unknown>>,
  kept: Config['secrets'],
): Config {
  // Where nothing says how it is taken apart, it is a secret like any other: a platform's own field.
  const text = input[CONNECTION_STRING] ?? kept[CONNECTION_STRING];
  const deferred = connector.connectionString !== undefined && text !== undefined;
  const placeholders = Object.keys(kept).map((path) => [path, valueAt(input, path) ?? KEPT] as const);
  const expanded = withValues(input, placeholders);
  if (deferred) refuseTwoAddresses(expanded);
  const schema = deferred ? connector.schema().partial() : connector.schema();
  const result = schema.safeParse(expanded);
  const problems = result.success
    ? [...alternativeProblems(connector, expanded, BASE), ...broken(connector, expanded)]
    : fieldProblems(result.error, { base: BASE, known: knownKeys(connector) });
  if (!result.success || problems.length > 0) {
    throw new HeadwaterError('INVALID_CONFIG', `The config does not fit the ${connector.name} connector.`, {
      fields: problems,
      hint: 'get_connector_schema shows every field.',
    });
  }
  const settings: Record<string, unknown> = {};
  const secrets: Record<string, SecretValue> = {};
  // Defaults wait for the connection string, which may say otherwise.
  const said = Object.entries(result.data).filter(([name]) => !deferred || expanded[name] !== undefined);
  for (const [path, value, facts] of leaves(connector, said)) {
    if (value === undefined) continue;
    if (facts && isSecret(facts))
      secrets[path] = kept[path] ?? secretValue(path, String(value), deferred && path === CONNECTION_STRING);
    else Object.assign(settings, withValues(settings, [[path, value]]));
  }
  return { settings: withCanonicalHosts(connector, settings), secrets };
}

/** Whether a stored config has everything that its connector asks for. */
export function isWhole(connector: Connector, { settings, secrets }: Config): boolean {
  try {
    validated(connector, settings, secrets);
    return true;
  } catch (error) {
    if (error instanceof HeadwaterError) return false;
    throw error;
  }
}

function broken({ rules }: Connector, config: Readonly<Record<string, unknown>>): FieldProblem[] {
  return (rules?.(config) ?? []).map(({ path, message }) => ({
    field: path === '' ? BASE : `${BASE}/${path}`,
    message,
  }));
}

/** Every value of a validated config with its path; what is inside `auth` one by one. */
function* leaves(
  connector: Connector,
  entries: readonly (readonly [string, unknown])[],
): Generator<[path: string, value: unknown, facts: FieldFacts | undefined]> {
  for (const [name, value] of entries) {
    if (name !== AUTH || !isObject(value)) yield [name, value, factsOf(connector, name)];
    else {
      for (const [inner, each] of Object.entries(value)) {
        yield [`${AUTH}/${inner}`, each, factsOf(connector, inner, String(value['method']))];
      }
    }
  }
}

/** `mayHold`: a reference may stand inside it. */
function secretValue(name: string, text: string, mayHold: boolean): SecretValue {
  try {
    const reference = parseReference(text);
    // Sent as it stands it would be a wrong password, and nobody would see why.
    if (!reference && !mayHold && REFERENCE_INSIDE.test(text)) {
      throw new HeadwaterError('INVALID_CONFIG', 'A reference must be the whole value of its field.');
    }
    return reference ?? new Secret(text);
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    throw new HeadwaterError('INVALID_CONFIG', error.message, {
      fields: [{ field: `${BASE}/${name}`, message: error.message }],
    });
  }
}

function refuseFault(input: Readonly<Record<string, unknown>>): void {
  const fault = inputFault(input, BASE);
  if (fault) throw new HeadwaterError('INVALID_CONFIG', 'The config is none of any connector.', { fields: [fault] });
}

function expandConnectionString(
  connector: Connector,
  input: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const text = input[CONNECTION_STRING];
  if (
    !connector.connectionString ||
    typeof text !== 'string' ||
    secretValue(CONNECTION_STRING, text, true) instanceof Secret === false
  ) {
    return { ...input };
  }
  const { [CONNECTION_STRING]: _, ...given } = input;
  const found = parseConnectionString(text, connector.connectionString);
  const differs = (name: string) => JSON.stringify(given[name]) !== JSON.stringify(found[name]);
  const twice = Object.keys(found).filter((name) => given[name] !== undefined && differs(name));
  if (twice.length > 0) {
    throw new HeadwaterError('INVALID_CONFIG', 'The connection string and single fields disagree.', {
      fields: twice.map((name) => ({
        field: `${BASE}/${name}`,
        message: 'is also in the connection string, with another value',
      })),
    });
  }
  return { ...found, ...given };
}

function refuseTwoAddresses(input: Readonly<Record<string, unknown>>): void {
  const twice = ADDRESS.filter((name) => input[name] !== undefined);
  if (twice.length === 0) return;
  throw new HeadwaterError('INVALID_CONFIG', 'The connection string says this already.', {
    fields: twice.map((name) => ({
      field: `${BASE}/${name}`,
      message: 'comes from the connection string; give one or the other',
    })),
  });
}

/** One spelling of a host, so that what is shown is what is dialled. */
function withCanonicalHosts(connector: Connector, settings: Record<string, unknown>): Record<string, unknown> {
  // A vendor is sent what the person wrote; what is dialled is judged by the test.
  if (connector.vendorCode !== undefined) return settings;
  return (['host', 'ssh_host'] as const).reduce((whole, role) => withCanonicalHost(connector, role, whole), settings);
}

function withCanonicalHost(connector: Connector, role: Role, settings: Record<string, unknown>) {
  const name = fieldWithRole(connector, role);
  const value = name === undefined ? undefined : settings[name];
  if (name === undefined || value === undefined) return settings;
  const canonical = canonicalHost(value);
  if ('host' in canonical) return { ...settings, [name]: canonical.host };
  throw new HeadwaterError('INVALID_CONFIG', `The config does not fit the ${connector.name} connector.`, {
    fields: [{ field: `${BASE}/${name}`, message: canonical.fault }],
  });
}

/** The field of a role; what is reached by a URL has its host and port in there. */
export function fieldOfRole(connector: Pick<Connector, 'fields'>, role: string): string | undefined {
  const within = role === 'host' || role === 'port' ? fieldWithRole(connector, 'url') : undefined;
  return fieldWithRole(connector, role as Role) ?? within;
}

export function fieldWithRole(connector: Pick<Connector, 'fields'>, role: Role): string | undefined {
  return Object.entries(connector.fields).find(([, { facts }]) => facts.role === role)?.[0];
}

/** The destination of a config, canonical: equal exactly when secrets would go to the same place in the same way. */
export function destinationOf(connector: Connector, config: Config): Readonly<Record<string, string>> {
  const destination: Record<string, string> = {};
  for (const [path, { facts }] of fieldsByPath(connector)) {
    if (!isDestination(facts)) continue;
    const value = config.secrets[path] ?? valueAt(config.settings, path);
    if (value === undefined || value instanceof Secret) continue;
    const place = facts.canonical ? facts.canonical(value) : value;
    // Of a field that can lead somewhere and does not.
    if (place !== undefined) destination[path] = JSON.stringify(place);
  }
  return destination;
}
