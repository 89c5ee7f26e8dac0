import { absentConnector } from '../../connectors/absent.ts';
import type { Connector } from '../../connectors/define-connector.ts';
import { isSecret } from '../../connectors/fields.ts';
import { namesSecret } from '../../connectors/secret-names.ts';
import { strip } from '../../secrets/redact.ts';
import type { DesiredState, Status } from '../../sources/source.ts';
import type { VendorSource } from '../remote/vendor.ts';
import { isRecord } from './answers.ts';
import { coerced } from './coerce.ts';
import { errorOf, tasksOf } from './tasks.ts';
import { todoOf } from './todo.ts';

type Json = Readonly<Record<string, unknown>>;

const STATUSES: Readonly<Record<string, Status>> = {
  Active: 'Active',
  Paused: 'Paused',
  Stopped: 'Stopped',
  Broken: 'Broken',
  Starting: 'Starting',
  Unassigned: 'Unassigned',
  Unknown: 'Unknown',
  Pending: 'Pending',
  // Streamkap's own words for what is under way.
  'Pending Update': 'Starting',
  'Pending Delete': 'Stopped',
};
/** Of these there is a filter in the list. */
export const FILTERED: readonly Status[] = [
  'Active',
  'Broken',
  'Paused',
  'Stopped',
  'Starting',
  'Unassigned',
  'Unknown',
];
const WISHES: readonly string[] = ['Active', 'Paused', 'Stopped', 'Pending'];
const OWN = new Set([
  'id',
  'name',
  'connector',
  'config',
  'connector_status',
  'desired_state',
  'created_timestamp',
  'updated_timestamp',
  'topics',
  'tags',
  'tasks',
  'task_statuses',
]);

/** The connector of Streamkap's code; one that the catalog does not know has no fields. */
export function connectorOf(connectors: readonly Connector[], code: string): Connector {
  return connectors.find(({ vendorCode, code: own }) => (vendorCode ?? own) === code) ?? absentConnector(code);
}

/** A source as Streamkap tells it; undefined for what is none. Every field of it may be missing or null. */
export function sourceOf(value: unknown, connectors: readonly Connector[]): VendorSource | undefined {
  if (!isRecord(value)) return undefined;
  const id = textOf(value['id'] ?? value['_id']);
  if (id === undefined) return undefined;
  const code = textOf(value['connector']) ?? 'unknown';
  const connector = connectorOf(connectors, code);
  const sent = isRecord(value['config']) ? value['config'] : {};
  const said = textOf(value['connector_status']);
  const status = (said === undefined ? undefined : STATUSES[said]) ?? 'Unknown';
  const config = withoutHidden(connector, coerced(connector, sent));
  const tasks = tasksOf(value);
  const topics = Array.isArray(value['topics']) ? value['topics'].map(String) : [];
  return {
    id,
    name: textOf(value['name']) ?? '',
    connector: code,
    config,
    secretsSet: secretsSetIn(connector, sent, config),
    desiredState: desiredOf(value['desired_state'], status),
    status,
    ...(said === undefined ? {} : { platformStatus: strip(said).slice(0, 60) }),
    lastError: status === 'Broken' ? errorOf(value) : null,
    ...(tasks.length > 0 ? { tasks } : {}),
    ...(topics.length > 0 ? { topics } : {}),
    tags: Array.isArray(value['tags']) ? value['tags'].map(String) : [],
    todo: todoOf(connector, config, status),
    details: detailsOf(value),
    createdAt: timeOf(value['created_timestamp']),
    updatedAt: timeOf(value['updated_timestamp']),
  };
}

/** Sources in an answer: `{result: […]}`, a bare list, or one source alone. */
export function sourcesIn(json: unknown, connectors: readonly Connector[]): VendorSource[] {
  return rawSources(json).flatMap((each) => sourceOf(each, connectors) ?? []);
}

/** Whether an answer says which sources there are, none included. */
export function holdsSources(json: unknown): boolean {
  return Array.isArray(json) || (isRecord(json) && ('result' in json || 'id' in json || '_id' in json));
}

export function rawSources(json: unknown): readonly unknown[] {
  if (Array.isArray(json)) return json;
  if (!isRecord(json)) return [];
  if (!('result' in json)) return [json];
  const { result } = json;
  return Array.isArray(result) ? result : isRecord(result) ? [result] : [];
}

/** Settings that the catalog does not know, and whose names say that they are secrets, are nobody's to see. */
function withoutHidden(connector: Connector, config: Json): Json {
  return Object.fromEntries(
    Object.entries(config).filter(([name]) => Object.hasOwn(connector.fields, name) || !namesSecret(name)),
  );
}

/** Secrets that stand there in any form, and those without which there would be no source. */
function secretsSetIn(connector: Connector, sent: Json, config: Json): string[] {
  return Object.entries(connector.fields).flatMap(([name, field]) => {
    const { facts } = field;
    if (!isSecret(facts) || facts.virtual) return [];
    const stands = sent[name] !== null && sent[name] !== undefined && sent[name] !== '';
    const isNeeded = facts.needed
      ? holds(connector, facts.shownWhen ?? [], config)
      : !field.schema().isOptional() || Object.keys(connector.alternatives ?? {}).includes(name);
    return stands || (isNeeded && !SPENT.has(name)) ? [name] : [];
  });
}

/** Good once: there is none any more when the source is there. */
export const SPENT: ReadonlySet<string> = new Set(['oauth_grant_id']);

export function holds(
  { defaults = {} }: Connector,
  conditions: readonly { field: string; is: readonly unknown[] }[],
  config: Json,
): boolean {
  return conditions.every(({ field, is }) => is.includes(config[field] ?? defaults[field]));
}

function desiredOf(said: unknown, status: Status): DesiredState {
  if (typeof said === 'string' && WISHES.includes(said)) return said as DesiredState;
  return status === 'Paused' || status === 'Stopped' ? status : 'Active';
}

function detailsOf(value: Json): Json {
  const rest = Object.entries(value).filter(([name, each]) => !OWN.has(name) && each !== null && each !== undefined);
  return Object.fromEntries(rest.map(([name, each]) => [name, shown(name, each)]));
}

/** What Streamkap says besides may one day hold a secret. */
function shown(name: string, value: unknown): unknown {
  if (namesSecret(name)) return '[secret]';
  if (Array.isArray(value)) return value.map((each) => shown('', each));
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shown(key, each)]));
  return typeof value === 'string' ? strip(value).slice(0, 2000) : value;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;
}

/** ISO 8601, which is in UTC where it does not say; or seconds or milliseconds since 1970. */
function timeOf(value: unknown): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) {
    return isoOf(new Date(value < 1e11 ? value * 1000 : value));
  }
  if (typeof value !== 'string') return null;
  const isPlain = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(value);
  return isoOf(new Date(isPlain ? `${value.replace(' ', 'T')}Z` : value));
}

const isoOf = (date: Date) => (Number.isNaN(date.getTime()) ? null : date.toISOString());
