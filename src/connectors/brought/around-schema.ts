import type { Probe } from '../../probes/probe.ts';
import type { Secret } from '../../secrets/secret.ts';
import type { Capability, Category } from '../define-connector.ts';
import type { Role } from '../fields.ts';

/** What zod 3 and zod 4 both tell of a schema's output. */
interface Typed {
  readonly _output: unknown;
  safeParse: (value: unknown) => unknown;
}

type Name<S extends Typed> = Extract<keyof S['_output'], string>;
/** What a probe gets: the schema's output, secrets closed. */
type Opened<S extends Typed, K extends string> = {
  [N in keyof S['_output']]: N extends K ? Secret | Extract<S['_output'][N], undefined> : S['_output'][N];
};

/** A connector around a schema that somebody has already. `PLAIN` in `plain-connector.ts` is what is checked. */
export interface AroundSchema<S extends Typed, K extends Name<S>> {
  /** Canonical code, snake_case. */
  code: string;
  name: string;
  category: Category;
  aliases?: readonly string[];
  keywords?: readonly string[];
  docsUrl?: string;
  /** A zod object of zod 4 or zod 3; every field with a `.describe(…)`. */
  schema: S;
  /** Fields that are sealed and never shown. */
  secrets?: readonly K[];
  /** Fields that decide where secrets are sent: a change of one asks for them again. */
  destinations?: readonly Name<S>[];
  /** Fields that look like one of those by their name, and are not. */
  settings?: readonly Name<S>[];
  /** What fields mean, where their name does not say it: `{ server: 'host' }`. */
  roles?: Partial<Record<Name<S>, Role>>;
  /** Fields that the short schema leaves out. */
  advanced?: readonly Name<S>[];
  /** `test` alone where it is left out. */
  capabilities?: readonly Capability[];
  prerequisites?: readonly string[];
  /** A config a reader can copy, with references for secrets. */
  example: Readonly<Record<string, unknown>>;
  /** Made by `through` or `staged`; without one a test ends at the connection. */
  probe?: () => Promise<Probe<Opened<S, K>>>;
}

/** Types a connector around a schema, and gives it back as it is: the plain object does as well. */
export function aroundSchema<S extends Typed, const K extends Name<S> = never>(
  connector: AroundSchema<S, K>,
): AroundSchema<S, K> {
  return connector;
}
