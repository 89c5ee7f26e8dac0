import type { VendorFields } from '../../../connectors/vendor/field.ts';
import { patternsOf } from './patterns.ts';
import { text } from './shared.ts';

type Config = Readonly<Record<string, unknown>>;

/** The one database that portable configs name, of connectors that have a list of them. */
export const DATABASE_AS_LIST: VendorFields = {
  database: text('Database', 'One database; becomes database.include.list.', { role: 'database', virtual: true }),
};

/** It is the newer word: what the worker shows of it later is the list. */
export function inDatabaseList({ database, ...config }: Config): Config {
  if (database === undefined) return config;
  return { ...config, 'database.include.list': patternsOf([database]) };
}
