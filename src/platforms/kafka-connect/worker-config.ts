import type { Connector } from '../../connectors/define-connector.ts';
import { isSecret } from '../../connectors/fields.ts';
import { isObject } from '../../connectors/paths.ts';
import { Secret } from '../../secrets/secret.ts';
import { maskedText, secretsInText } from '../remote/in-clear.ts';
import { CATALOG } from './catalog/index.ts';
import { credentialsIn, withoutCredentials } from './catalog/mongodb-string.ts';
import { isSecretName } from './secret-names.ts';

/** A connector's settings as a worker keeps them: flat, and all text. */
export type WorkerConfig = Readonly<Record<string, string>>;

type Config = Readonly<Record<string, unknown>>;

/** What the framework adds by itself. */
const OURS: ReadonlySet<string> = new Set(['name', 'connector.class']);
const WORKER_REFERENCE = /^\$\{([A-Za-z0-9_.-]+:(?:[^{}]*:)?[^{}]+)\}$/;

/** The entry of the catalog for a class, which workers also take by the last part of its name. */
export function connectorOf(className: string): Connector | undefined {
  return CATALOG.find(
    ({ vendorCode = '' }) =>
      vendorCode === className ||
      shortClass(vendorCode) === className ||
      shortClass(vendorCode) === `${className}Connector`,
  );
}

export function shortClass(className: string): string {
  return className.slice(className.lastIndexOf('.') + 1);
}

/** Settings under the plugin's keys as the worker is sent them. What only the worker knows is left out. */
export function toWorker(config: Config): Record<string, unknown> {
  const { extra, ...fields } = config;
  const all = { ...(isObject(extra) ? extra : {}), ...fields };
  return Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) => {
      const sent = textOf(value);
      return sent === undefined ? [] : [[key, sent]];
    }),
  );
}

/** A `Secret` and what a plan shows in its place go as they are. */
function textOf(value: unknown): unknown {
  if (value === undefined || value === null || value instanceof Secret) return value ?? undefined;
  if (isReference(value)) return value.scheme === 'worker' ? `\${${value.target}}` : undefined;
  if (typeof value === 'string') return value.replace(/^\$\{worker:/, '${');
  if (Array.isArray(value)) return value.join(',');
  return isObject(value) ? value : String(value);
}

function isReference(value: unknown): value is { scheme: string; target: string } {
  return isObject(value) && typeof value['scheme'] === 'string' && typeof value['target'] === 'string';
}

/** What a worker's config says, secrets apart. */
export interface ReadConfig {
  /** Under the catalog's keys and in its types; what has no field there stands in `extra`. */
  config: Record<string, unknown>;
  /** Secret fields that are set: where the worker reads each from, or undefined where it holds the value itself. */
  secrets: Record<string, string | undefined>;
  /** Further keys whose values are kept from view. */
  hidden: string[];
  /** Values to take out of every text that the worker writes. */
  literals: string[];
}

export function fromWorker(raw: WorkerConfig, connector: Connector | undefined): ReadConfig {
  const read: ReadConfig = { config: {}, secrets: {}, hidden: [], literals: [] };
  const entries = Object.entries(raw).filter(([key]) => !OURS.has(key));
  const [known, further] = [true, false].map((is) =>
    entries.filter(([key]) => is === (connector?.fields[key] !== undefined)),
  );
  for (const [key, value] of known ?? []) {
    const facts = connector?.fields[key]?.facts;
    const target = WORKER_REFERENCE.exec(value)?.[1];
    if (!facts || !isSecret(facts)) read.config[key] = typed(connector, key, hideCredentials(value, read));
    else {
      read.secrets[key] = target;
      if (target === undefined) read.literals.push(value);
    }
  }
  const extra = furtherOf(further ?? [], read);
  if (Object.keys(extra).length > 0) read.config[connector ? 'extra' : 'settings'] = extra;
  return read;
}

/** Settings that have no field here. */
function furtherOf(entries: readonly (readonly [string, string])[], read: ReadConfig): Record<string, string> {
  const extra: Record<string, string> = {};
  for (const [key, value] of entries) {
    const target = WORKER_REFERENCE.exec(value)?.[1];
    if (target !== undefined) extra[key] = `\${worker:${target}}`;
    else if (isSecretName(key)) {
      read.hidden.push(key);
      read.literals.push(value);
    } else extra[key] = hideCredentials(value, read);
  }
  return extra;
}

/** Where somebody has put a password into a URL after all. */
function hideCredentials(value: string, read: ReadConfig): string {
  read.literals.push(...secretsInText(value));
  return maskedText(credentialsIn(value) ? withoutCredentials(value) : value);
}

const INTEGER = /^-?\d{1,15}$/;

/** Text in the type that the catalog gives the field, a number where it takes both; text of another form stays as it is. */
function typed(connector: Connector | undefined, key: string, value: string): unknown {
  const fits = (other: unknown) => connector?.fields[key]?.schema().safeParse(other).success === true;
  if ((value === 'true' || value === 'false') && fits(value === 'true')) return value === 'true';
  if (INTEGER.test(value) && fits(Number(value))) return Number(value);
  // Plugins take the words of a choice in any capitals.
  return !fits(value) && fits(value.toLowerCase()) ? value.toLowerCase() : value;
}
