import { z } from 'zod';
import type { Probe } from '../probes/probe.ts';
import type { ConnectionStringRules } from '../secrets/connection-string.ts';
import type { ConfigOf, Fields } from './fields.ts';

export const CATEGORIES = ['database', 'warehouse', 'stream', 'storage', 'saas', 'file', 'api'] as const;
export type Category = (typeof CATEGORIES)[number];

export const CAPABILITIES = ['test', 'discover', 'preview', 'cdc_check'] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** The whole of what makes a connector. One file holds one. */
export interface ConnectorDefinition<F extends Fields> {
  /** Canonical code, snake_case: `postgresql`. */
  code: string;
  name: string;
  category: Category;
  /** Other names it is known by; search and every `connector` argument accept them. */
  aliases: readonly string[];
  /** Words a person might search by: products that speak the same protocol. */
  keywords: readonly string[];
  docsUrl: string;
  fields: F;
  /** How a connection string is taken apart, where the fields have one. */
  connectionString?: ConnectionStringRules;
  /** Ways to authenticate, as shown in the catalog. */
  auth: readonly string[];
  capabilities: readonly Capability[];
  /** What must be true or known before a config can be written. */
  prerequisites: readonly string[];
  /** A config a reader can copy: valid, with references for secrets. */
  example: Readonly<Record<string, unknown>>;
  probe: () => Promise<Probe<ConfigOf<F>>>;
}

/** A defined connector, with its schema built on first use. */
export interface Connector extends Omit<ConnectorDefinition<Fields>, 'probe'> {
  /** The strict object of all fields, built once. */
  readonly schema: () => z.ZodObject;
  // A probe reads its own connector's typed config; behind this line only `parseConfig` makes one.
  readonly probe: () => Promise<Probe<never>>;
}

export function defineConnector<F extends Fields>(definition: ConnectorDefinition<F>): Connector {
  let schema: z.ZodObject | undefined;
  return {
    ...definition,
    schema: () => {
      schema ??= z.strictObject(
        Object.fromEntries(Object.entries(definition.fields).map(([name, field]) => [name, field.schema()])),
      );
      return schema;
    },
  };
}
