import { z } from 'zod';
import type { Connector } from '../../connectors/define-connector.ts';
import type { ApiClient } from '../../net/api-client.ts';
import type { StepSpec } from '../../probes/probe.ts';
import { type Problem, StepFailure } from '../../probes/problems/index.ts';
import type { Source } from '../../sources/source.ts';
import { readRefusal } from '../remote/refusal.ts';
import { PLATFORM } from './refusals.ts';
import { methodOf } from './wire.ts';

const FIELDS = z
  .looseObject({
    fields: z.array(z.looseObject({ name: z.string(), required: z.boolean().nullish().catch(undefined) })),
  })
  .nullish()
  .catch(undefined);

/** What Airweave says of a source itself (facts: airweave.md §12). */
const DESCRIBED = z.looseObject({
  auth_methods: z.array(z.string()).nullish().catch(undefined),
  requires_byoc: z.boolean().nullish().catch(undefined),
  auth_fields: FIELDS,
  config_fields: FIELDS,
});
type Described = z.infer<typeof DESCRIBED>;

interface Subject {
  connector: Connector;
  values: Readonly<Record<string, unknown>>;
  source?: Source;
}

const LIMIT_MS = 8_000;
/** Not told by Airweave although it takes them. */
const UNTOLD: ReadonlySet<string> = new Set(['instance_url', 'api_version', 'zephyr_scale_api_token']);

/** What Airweave says of a source that is there, and how it describes its kind; what differs from ours is a warning. */
export function airweaveChecks(client: ApiClient, { connector, values, source }: Subject): readonly StepSpec[] {
  const own = source ? [statusStep(source)] : [];
  return [...own, schemaStep(client, connector, values)];
}

/** Airweave has no test, but what became of its own last attempt is as good. */
function statusStep(source: Source): StepSpec {
  const { status, platform_status: says = status, last_error: error, last_sync_at: synced } = source;
  return {
    id: 'platform_status',
    title: 'Airweave can use the source',
    limitMs: 1000,
    timeout: unavailable('it did not answer in time'),
    run: () => {
      if (status === 'NeedsAuth' || status === 'Broken') {
        const what = `the source is ${says}: ${error?.replace(/\.$/, '') ?? 'it says no more of it'}`;
        // No failure: an edit that mends it is tested as well.
        return { warning: { code: 'PLATFORM_WARNED', facts: { server: PLATFORM, what, fix: remedyOf(source) } } };
      }
      if (status === 'Pending') return { warning: waiting(source) };
      return { evidence: synced ? `${says}, last synced at ${synced}` : says };
    },
  };
}

function remedyOf({ status, config }: Source): string {
  if (status === 'Broken') return 'run_source with action sync tries again; details.sync.last_job says what happened.';
  const method = methodOf(config);
  if (method === 'direct') return 'Give new credentials with update_source.';
  if (method === 'auth_provider') return 'Mend or renew the account at the auth provider.';
  return 'run_source with action reauthenticate gives a link to sign in with.';
}

function waiting({ todo }: Source): Problem {
  const [what, fix] =
    todo.length > 0
      ? ['nobody has signed in yet', 'Have somebody do what stands in `todo`.']
      : ['the first sync waits to be verified', 'run_source with action verify.'];
  return { code: 'PLATFORM_WARNED', facts: { server: PLATFORM, what, fix } };
}

function schemaStep(client: ApiClient, connector: Connector, values: Subject['values']): StepSpec {
  return {
    id: 'platform_schema',
    title: 'Airweave has the source',
    limitMs: LIMIT_MS,
    timeout: unavailable('it did not answer in time'),
    run: async (signal) => {
      const { found, warning } = await described(client, connector.code, signal);
      if (!found) return warning ? { warning } : {};
      const method = methodOf(values);
      const own = needsOwnApp(found, method);
      if (own) return { warning: own };
      const differences = [...methodDifference(found, method), ...fieldDifferences(found, connector, method)];
      if (differences.length === 0) return { evidence: `as in the catalog: ${connector.code}` };
      const what = differences.slice(0, 5).join('; ');
      return { warning: { code: 'PLATFORM_SCHEMA_DIFFERS', facts: { server: PLATFORM, what } } };
    },
  };
}

/** @throws HeadwaterError where Airweave cannot be asked, which is no fault of the source */
async function described(
  client: ApiClient,
  code: string,
  signal: AbortSignal,
): Promise<{ found?: Described; warning?: Problem }> {
  const path = `/sources/${encodeURIComponent(code)}`;
  const answer = await client.send({ method: 'GET', path }, { signal, repeats: true, deadlineMs: LIMIT_MS });
  if (answer.status === 404) {
    throw new StepFailure('PLATFORM_REFUSED_CONFIG', {
      server: PLATFORM,
      what: `it offers no source ${code} to this organization`,
      fix: 'Have the feature switched on that the source needs, or use another source.',
    });
  }
  const { data } = DESCRIBED.safeParse(answer.json);
  if (answer.status === 200 && data) return { found: data };
  const said = readRefusal(answer).text;
  return { warning: unavailable(`it answered HTTP ${answer.status}${said ? `: ${said}` : ''}`) };
}

function unavailable(what: string) {
  return { code: 'PLATFORM_CHECK_UNAVAILABLE' as const, facts: { server: PLATFORM, what } };
}

/** An Airweave of one's own has no applications at the services, unless somebody has set them up. */
function needsOwnApp({ requires_byoc: needs }: Described, method: string | undefined): Problem | undefined {
  if (!needs || method !== 'oauth_browser') return undefined;
  return {
    code: 'PLATFORM_WARNED',
    facts: {
      server: PLATFORM,
      what: 'it asks for an OAuth application of your own for this source',
      fix: 'Use the method oauth_byoc, unless whoever runs this Airweave has set an application up.',
    },
    fields: ['auth'],
  };
}

function methodDifference({ auth_methods: methods }: Described, method: string | undefined): string[] {
  if (!methods || method === undefined) return [];
  const wanted = method === 'oauth_byoc' ? ['oauth_byoc', 'oauth_browser'] : [method];
  return wanted.some((each) => methods.includes(each)) ? [] : [`it does not sign in by ${method}`];
}

function fieldDifferences(described: Described, connector: Connector, method: string | undefined): string[] {
  const groups = [{ own: connector.fields, there: described.config_fields, label: '' }];
  const direct = connector.auth?.['direct'];
  if (method === 'direct' && direct) groups.push({ own: direct, there: described.auth_fields, label: 'auth/' });
  return groups.flatMap(({ own, there, label }) => {
    if (!there) return [];
    const known = new Map(there.fields.map((field) => [field.name, field]));
    const missing = Object.keys(own).filter((name) => !known.has(name) && !UNTOLD.has(name));
    const added = [...known.keys()].filter((name) => !Object.hasOwn(own, name));
    const harder = [...known.values()].filter(
      ({ name, required }) => required === true && Object.hasOwn(own, name) && own[name]?.schema().isOptional(),
    );
    return [
      ...missing.map((name) => `it has no ${label}${name}`),
      ...added.map((name) => `it has ${label}${name.slice(0, 60)} besides`),
      ...harder.map(({ name }) => `it requires ${label}${name}`),
    ];
  });
}
