import { HeadwaterError } from '../errors.ts';
import { parseConnectionString } from '../secrets/connection-string.ts';
import { REFERENCE_START, type Reference } from '../secrets/references.ts';
import { Secret } from '../secrets/secret.ts';
import { BASE, CONNECTION_STRING, type Config, parseConfig, validated } from './config.ts';
import type { Connector } from './define-connector.ts';
import { KEPT } from './fields.ts';
import { type FieldPath, fieldsByPath, valueAt, withValues } from './paths.ts';

/** What a probe receives: settings and secrets in one object, references resolved. */
export type ResolvedConfig = Readonly<Record<string, unknown>>;

/**
 * Resolves references and, where the connection string itself was one, takes it apart and validates the whole.
 * `resolved`: the secrets of the config itself, by path; `secrets`: all that may come up on the way.
 * @throws HeadwaterError REFERENCE_DENIED, REFERENCE_BROKEN or INVALID_CONFIG
 */
export async function resolveConfig(
  connector: Connector,
  config: Config,
  resolve: (reference: Reference) => Promise<Secret>,
): Promise<{ values: ResolvedConfig; secrets: readonly Secret[]; resolved: Readonly<Record<FieldPath, Secret>> }> {
  const resolved: Record<string, Secret> = {};
  for (const [name, value] of Object.entries(config.secrets)) {
    resolved[name] = value instanceof Secret ? value : await resolve(value).catch((error) => naming(name, error));
  }
  const { [CONNECTION_STRING]: dsn, ...rest } = resolved;
  const rules = connector.connectionString;
  if (dsn === undefined || rules === undefined) {
    const values = read(connector, withValues(config.settings, Object.entries(resolved)));
    return { values, secrets: Object.values(resolved), resolved };
  }
  const found = parseConnectionString(dsn, rules);
  const whole = parseConfig(connector, { ...found, ...config.settings });
  const inner = await resolveConfig(connector, { ...whole, secrets: { ...whole.secrets, ...rest } }, resolve);
  return { values: inner.values, secrets: [...inner.secrets, dsn], resolved };
}

/** What probes get of values that are kept in another form. */
function read({ fields }: Connector, values: ResolvedConfig): ResolvedConfig {
  const changed = Object.entries(values).flatMap(([name, value]) => {
    const reader = fields[name]?.read;
    return reader && value !== undefined ? [[name, reader(value)] as const] : [];
  });
  return changed.length > 0 ? { ...values, ...Object.fromEntries(changed) } : values;
}

const examples = new WeakMap<Connector, ResolvedConfig>();

/** The connector's own example as a probe would get it, its references as if they were the secrets. */
export function exampleConfig(connector: Connector): ResolvedConfig {
  const known = examples.get(connector);
  if (known) return known;
  const { settings, secrets } = parseConfig(connector, connector.example);
  const fields = fieldsByPath(connector);
  const texts = Object.keys(secrets).map((path) => {
    // What is taken apart must have a form; a reference has none.
    const formed = fields.get(path)?.facts.examples?.find((each) => !REFERENCE_START.test(String(each)));
    return [path, new Secret(String(formed ?? valueAt(connector.example, path)))] as const;
  });
  const example = read(connector, withValues(settings, texts));
  examples.set(connector, example);
  return example;
}

/**
 * A config that code has made from another one, secrets already open: checked and completed like any other.
 * @throws HeadwaterError INVALID_CONFIG
 */
export function completeConfig(connector: Connector, made: Readonly<Record<string, unknown>>): ResolvedConfig {
  const open = [...fieldsByPath(connector).keys()].flatMap((path) => {
    const value = valueAt(made, path);
    return value instanceof Secret ? [[path, value] as const] : [];
  });
  const closed = withValues(
    made,
    open.map(([path]) => [path, KEPT]),
  );
  const { settings, secrets } = validated(connector, closed, Object.fromEntries(open));
  return withValues(settings, Object.entries(secrets));
}

/** What went wrong with a field's reference, saying which field it was. */
function naming(name: string, error: unknown): never {
  if (!(error instanceof HeadwaterError)) throw error;
  const { code, message, details } = error;
  throw new HeadwaterError(code, message, { ...details, fields: [{ field: `${BASE}/${name}`, message }] });
}
