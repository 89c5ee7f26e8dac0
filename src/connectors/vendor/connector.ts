import type { Probe } from '../../probes/probe.ts';
import { wordsOf } from '../conditions.ts';
import { type ConfigFault, type Connector, type ConnectorDefinition, defineConnector } from '../define-connector.ts';
import type { AuthWays, Fields } from '../fields.ts';
import { isMandatory, type VendorField, type VendorFields, vendorField } from './field.ts';

type Config = Readonly<Record<string, unknown>>;

/** A connector of a platform's catalog, its fields as a table. */
export interface VendorConnector
  extends Omit<
    ConnectorDefinition<Fields, AuthWays>,
    'fields' | 'auth' | 'aliases' | 'keywords' | 'prerequisites' | 'probe'
  > {
  fields: VendorFields;
  /** Several ways to authenticate, nested in `auth` by `method`. */
  auth?: Readonly<Record<string, VendorFields>>;
  aliases?: readonly string[];
  keywords?: readonly string[];
  prerequisites?: readonly string[];
  /** Made by `probedAs`, `through` or `stagedProbe`. */
  probe: (fields: Fields, defaults: Config) => () => Promise<Probe<never>>;
}

/** @throws TypeError at the first look at a table that contradicts itself */
export function vendorConnector({ fields, auth, probe, rules, ...rest }: VendorConnector): Connector {
  const made = fieldsOf(fields);
  const ways = auth && Object.fromEntries(Object.entries(auth).map(([method, rows]) => [method, fieldsOf(rows)]));
  return defineConnector({
    aliases: [],
    keywords: [],
    prerequisites: [],
    ...rest,
    fields: made,
    ...(ways ? { auth: ways } : {}),
    rules: (config) => [...conditionFaults(fields, config), ...(rules?.(config) ?? [])],
    probe: probe(made, defaultsOf(fields)) as never,
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
    .map(([name, { shownWhen = [] }]) => ({ path: name, message: `is required while ${wordsOf(shownWhen)}` }));
}

/** Whether all conditions of a field hold, those of the fields they name included. */
export function counts(row: VendorField, rows: VendorFields, config: Config): boolean {
  return (row.shownWhen ?? []).every(({ field, is }) => {
    const other = rows[field];
    const value = config[field] ?? other?.default;
    return is.includes(value) && (other === undefined || counts(other, rows, config));
  });
}
