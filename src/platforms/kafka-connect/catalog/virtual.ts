import type { VendorFields } from '../../../connectors/vendor/field.ts';
import { patternsOf } from './patterns.ts';
import { choice } from './shared.ts';

type Config = Readonly<Record<string, unknown>>;

/** Schemas that portable configs name, of plugins that only know whole names of tables. */
export const SCHEMAS_AS_TABLES: VendorFields = {
  schemas: {
    type: 'strings',
    title: 'Schemas',
    description: 'Schemas whose tables are captured; becomes table.include.list.',
    role: 'schemas',
    virtual: true,
    min: 1,
    max: 100,
  },
};

export function inTableList({ schemas, ...config }: Config): Config {
  // Tables that are named say it all.
  if (!Array.isArray(schemas) || config['table.include.list'] !== undefined) return config;
  const patterns = schemas.map((name) => `${patternsOf([name])}\\..*`);
  return { ...config, 'table.include.list': patterns.join(',') };
}

/** Of plugins that reach their server without TLS unless they are given a whole URL. */
export const NO_TLS: VendorFields = {
  tls_mode: choice('TLS mode', 'TCPS takes a database.url, in extra.', ['disable'], undefined, {
    role: 'tls_mode',
    virtual: true,
  }),
};
