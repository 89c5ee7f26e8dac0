import type { Probe } from '../../probes/probe.ts';
import { wordsOf } from '../conditions.ts';
import { type ConfigFault, type Connector, type ConnectorDefinition, defineConnector } from '../define-connector.ts';
import type { AuthWays, Fields } from '../fields.ts';
import { AUTH, isObject } from '../paths.ts';
import { isMandatory, type VendorField, type VendorFields, vendorField } from './field.ts';

type Config = Readonly<Record<string, unknown>>;

/** A connector of a platform's catalog, its fields as a table. */
export interface VendorConnector
  extends Omit<
    ConnectorDefinition<Fields, AuthWays>,
    'fields' | 'auth' | 'aliases' | 'keywords' | 'prerequisites' | 'probe' | 'reach'
  > {
  fields: VendorFields;
  /** Several ways to authenticate, nested in `auth` by `method`. */
  auth?: Readonly<Record<string, VendorFields>>;
  aliases?: readonly string[];
  keywords?: readonly string[];
  prerequisites?: readonly string[];
  /** Made by `probedAs`, `through` or `stagedProbe`. */
  probe: (fields: Fields, defaults: Config) => () => Promise<Probe<never>>;
  /** The same without credentials; see `ConnectorDefinition.reach`. */
  reach?: (fields: Fields, defaults: Config) => () => Promise<Probe<never>>;
}

/** @throws TypeError at the first look at a table that contradicts itself */
export function vendorConnector({ fields, auth, probe, reach, rules, ...rest }: VendorConnector): Connector {
  const made = fieldsOf(fields);
  const ways = auth && Object.fromEntries(Object.entries(auth).map(([method, rows]) => [method, fieldsOf(rows)]));
  return defineConnector({
    aliases: [],
    keywords: [],
    prerequisites: [],
    ...rest,
    vendorCode: rest.vendorCode ?? rest.code,
    fields: made,
    defaults: defaultsOf(fields),
    ...(ways ? { auth: ways } : {}),
    rules: (config) => [
      ...conditionFaults(fields, config),
      ...secretFaults(fields, config),
      ...authFaults(auth ?? {}, config),
      ...(rules?.(config) ?? []),
    ],
    probe: probe(made, defaultsOf(fields)) as never,
    ...(reach ? { reach: reach(made, defaultsOf(fields)) } : {}),
  });
}

function fieldsOf(rows: VendorFields): Fields {
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, vendorField(row)]));
}

export function defaultsOf(rows: VendorFields): Config {
  const told = Object.entries(rows).filter(([, row]) => row.default !== undefined);
  return Object.fromEntries(told.map(([name, row]) => [name, row.default]));
}

/** A field that counts, is required and is not there. What does not count may be given all the same: it is sent as it is. */
function conditionFaults(rows: VendorFields, config: Config): ConfigFault[] {
  return Object.entries(rows)
    .filter(([, row]) => row.required && !isMandatory(row) && !row.virtual)
    .filter(([name, row]) => config[name] === undefined && row.default === undefined && counts(row, rows, config))
    .filter(([, { unless }]) => !unless?.every((name) => config[name] !== undefined))
    .map(([name, { shownWhen }]) => ({
      path: name,
      message: shownWhen ? `is required while ${wordsOf(shownWhen)}` : 'is required',
    }));
}

/** A secret that stands there as it is and that its vendor would not take. What is behind a reference only it can see. */
function secretFaults(rows: VendorFields, config: Config): ConfigFault[] {
  return Object.entries(rows).flatMap(([name, { secret, min = 1, pattern }]) => {
    const value = config[name];
    if (!secret || typeof value !== 'string' || value.startsWith('${')) return [];
    if (value.trim().length < min) return [{ path: name, message: `must have at least ${min} characters` }];
    return pattern && !pattern.is.test(value.trim()) ? [{ path: name, message: pattern.says }] : [];
  });
}

function authFaults(ways: Readonly<Record<string, VendorFields>>, config: Config): ConfigFault[] {
  const given = config[AUTH];
  if (!isObject(given)) return [];
  const faults = secretFaults(ways[String(given['method'])] ?? {}, given);
  return faults.map(({ path, message }) => ({ path: `${AUTH}/${path}`, message }));
}

/** Whether all conditions of a field hold, those of the fields they name included. */
export function counts(row: VendorField, rows: VendorFields, config: Config): boolean {
  return (row.shownWhen ?? []).every(({ field, is }) => {
    const other = rows[field];
    const value = config[field] ?? other?.default;
    return is.includes(value) && (other === undefined || counts(other, rows, config));
  });
}
