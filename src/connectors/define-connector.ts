import { z } from 'zod';
import type { Probe } from '../probes/probe.ts';
import type { ConnectionStringRules } from '../secrets/connection-string.ts';
import { type AuthOf, type AuthWays, type ConfigOf, type Fields, isSecret } from './fields.ts';
import { AUTH, NO_AUTH } from './paths.ts';

export const CATEGORIES = ['database', 'warehouse', 'stream', 'storage', 'saas', 'file', 'api'] as const;
export type Category = (typeof CATEGORIES)[number];

export const CAPABILITIES = ['test', 'discover', 'preview', 'cdc_check'] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** A field by its path in the config, and what is wrong with it: `must be after start`. */
export interface ConfigFault {
  path: string;
  message: string;
}

/** The whole of what makes a connector. One file holds one. */
export interface ConnectorDefinition<F extends Fields, A extends AuthWays> {
  /** Canonical code, snake_case: `postgresql`. */
  code: string;
  name: string;
  /** What its platform calls it; only those of other platforms' catalogs have one. */
  vendorCode?: string;
  /** What whoever looks for it should know: `vendor: coming soon`. */
  note?: string;
  category: Category;
  /** Other names it is known by; search and every `connector` argument accept them. */
  aliases: readonly string[];
  /** Words a person might search by: products that speak the same protocol. */
  keywords: readonly string[];
  docsUrl?: string;
  fields: F;
  /** How a connection string is taken apart, where the fields have one. */
  connectionString?: ConnectionStringRules;
  /** Where there are several ways to authenticate: each by its name, with the fields it needs. `none` is the default. */
  auth?: A;
  /** Where exactly one of several fields must be given: each of them, with the fields that go with it alone. */
  alternatives?: Readonly<Record<string, readonly string[]>>;
  /**
   * Another form that its platform takes, made into the one of `fields`; whatever it does not know it leaves as it is.
   * `stored`: the settings that a patch is for.
   */
  normalise?: (
    given: Readonly<Record<string, unknown>>,
    stored?: Readonly<Record<string, unknown>>,
  ) => Readonly<Record<string, unknown>>;
  /** What no single field can say: called with a config whose fields are right, it tells what is wrong with the whole. */
  rules?: (config: Readonly<Record<string, unknown>>) => readonly ConfigFault[];
  /**
   * The code of the connector of the same platform that a config in portable names belongs to, where that is another
   * one than it was given for: a MongoDB of one's own is no Atlas.
   */
  instead?: (config: Readonly<Record<string, unknown>>) => string | undefined;
  /**
   * What the platform is sent, where that is not the config as it stands: fields that are virtual made into the
   * platform's own. Secrets in it are `Secret`s; `composed` of `secrets/` joins them.
   */
  compose?: (config: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  /** What its platform takes for fields that are not given, and that tests therefore count with; never sent. */
  defaults?: Readonly<Record<string, unknown>>;
  capabilities: readonly Capability[];
  /** What must be true or known before a config can be written. */
  prerequisites: readonly string[];
  /** A config a reader can copy: valid, with references for secrets. */
  example: Readonly<Record<string, unknown>>;
  probe: () => Promise<Probe<ConfigOf<F> & AuthOf<A>>>;
  /** What tests it where its credentials are not known here; as far as `host` and `port` lead where there is none. */
  reach?: () => Promise<Probe<never>>;
}

/** A defined connector, with its schema built on first use. */
export interface Connector extends Omit<ConnectorDefinition<Fields, AuthWays>, 'probe'> {
  /** The strict object of all fields, built once. */
  readonly schema: () => z.ZodObject;
  // A probe reads its own connector's typed config; behind this line only `parseConfig` makes one.
  readonly probe: () => Promise<Probe<never>>;
}

export function defineConnector<F extends Fields, A extends AuthWays = Record<never, Fields>>(
  definition: ConnectorDefinition<F, A>,
): Connector {
  let schema: z.ZodObject | undefined;
  return {
    ...definition,
    schema: () => {
      schema ??= z.strictObject({
        ...shapeOf(definition.fields),
        ...(definition.auth ? { [AUTH]: authSchema(definition.auth) } : {}),
      });
      return schema;
    },
  };
}

function shapeOf(fields: Fields): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.schema()]));
}

function authSchema(ways: AuthWays): z.ZodType {
  const variants = Object.entries(ways).map(([method, fields]) =>
    z.strictObject({ method: z.literal(method), ...shapeOf(fields) }),
  );
  const [first, ...others] = variants;
  if (!first) throw new TypeError('auth without any way to authenticate');
  const union = z.discriminatedUnion('method', [first, ...others]);
  return NO_AUTH in ways ? union.default({ method: NO_AUTH }) : union;
}

/** The ways to authenticate, as the catalog shows them. */
export function authMethods({ auth, fields }: Connector): readonly string[] {
  if (auth) return Object.keys(auth);
  const secrets = Object.values(fields).filter(({ facts }) => isSecret(facts));
  if (secrets.some(({ facts }) => facts.role === 'password')) return ['password'];
  return [secrets.length > 0 ? 'secret' : NO_AUTH];
}
