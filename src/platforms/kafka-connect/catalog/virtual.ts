import type { ConfigFault } from '../../../connectors/define-connector.ts';
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
  if (!Array.isArray(schemas)) return config;
  const patterns = schemas.map((name) => `${patternsOf([name])}\\..*`);
  return { ...config, 'table.include.list': patterns.join(',') };
}

export function schemasFaults(config: Config): ConfigFault[] {
  const isTwice = config['schemas'] !== undefined && config['table.include.list'] !== undefined;
  return isTwice ? [{ path: 'schemas', message: 'does not go with table.include.list, which says it all' }] : [];
}

/** Of plugins that reach their server without TLS unless they are given a whole URL. */
export const NO_TLS: VendorFields = {
  tls_mode: choice('TLS mode', 'TCPS takes a database.url, in extra.', ['disable'], undefined, {
    role: 'tls_mode',
    virtual: true,
  }),
};
