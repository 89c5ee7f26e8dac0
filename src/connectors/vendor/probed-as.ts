import { HeadwaterError } from '../../errors.ts';
import type { Probe, StepSpec } from '../../probes/probe.ts';
import type { Problem } from '../../probes/problems/index.ts';
import { reachProbe } from '../brought/reach.ts';
import { BASE, fieldWithRole } from '../config.ts';
import type { Connector } from '../define-connector.ts';
import type { Fields } from '../fields.ts';
import { CONNECTORS } from '../index.ts';
import { completeConfig } from '../resolved-config.ts';
import { findConnector } from '../search.ts';
import { inOwnWords } from '../through.ts';

type Config = Readonly<Record<string, unknown>>;
export type MakeProbe = (fields: Fields, defaults: Config) => () => Promise<Probe<never>>;

/**
 * The probe of a connector that comes with Headwater, for a platform's config whose fields have the same roles. What is
 * not given counts with the platform's default. Reports name the fields of the platform's config.
 * `also`: what roles do not say; `paths`: where that stands in the platform's config, by what it is there.
 */
export function probedAs(
  code: string,
  also: (own: Config) => Config = () => ({}),
  paths: Readonly<Record<string, string>> = {},
): MakeProbe {
  return (fields, defaults) => {
    const connector = findConnector(CONNECTORS, code);
    const pairs = Object.entries(fields).flatMap(([name, { facts }]) => {
      const target = facts.role && fieldWithRole(connector, facts.role);
      return target === undefined ? [] : [{ name, target, give: facts.portable?.give }];
    });
    const byRole = pairs.map(({ name, target }) => [target, name] as const);
    const ownName = new Map([...byRole, ...Object.entries(paths)]);
    const ownFields = (names: readonly string[]) => names.flatMap((name) => ownName.get(name) ?? []);
    return async () => {
      const probe = (await connector.probe()) as Probe<unknown>;
      return {
        plan: (given: Config, context, options) => {
          const own = { ...defaults, ...given };
          const made = pairs.flatMap(({ name, target, give }) => {
            const value = own[name] === undefined || !give ? own[name] : give(own[name]);
            return value === undefined || value === '' ? [] : [[target, asPort(target, value)] as const];
          });
          const config = inOwnNames(ownFields, () =>
            completeConfig(connector, { ...Object.fromEntries(made), ...also(own) }),
          );
          const plan = probe.plan(config, context, options);
          return { ...plan, steps: plan.steps.map((step) => inOwnWords(step, connector, ownFields)) };
        },
      } as Probe<never>;
    };
  };
}

/** What a probe's own schema refuses, told by the fields that the values came from. */
function inOwnNames<T>(ownFields: (names: readonly string[]) => string[], make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    const fields = (error.details.fields ?? []).flatMap(({ field, message }) =>
      ownFields([field.replace(`${BASE}/`, '')]).map((name) => ({ field: `${BASE}/${name}`, message })),
    );
    const [first] = fields;
    if (!first) throw error;
    const says = `${first.field.replace(`${BASE}/`, '')} ${first.message}.`;
    throw new HeadwaterError(error.code, says, { ...error.details, fields });
  }
}

/** Vendors take ports as text as well. */
function asPort(target: string, value: unknown): unknown {
  return target === 'port' || target === 'ssh_port' ? Number(value) : value;
}

/** As far as DNS, TCP and TLS, where the fields say where; `otherwise` where they do not. */
export function reached(server: string, otherwise: MakeProbe = notReached(server)): MakeProbe {
  return (fields, defaults) => {
    const probe = reachProbe(server, fields);
    if (!probe) return otherwise(fields, defaults);
    const where = Object.entries(fields).find(([, { facts }]) => facts.role === 'url' || facts.role === 'host')?.[0];
    return async () => {
      const [reach, elsewhere] = await Promise.all([probe(), otherwise(fields, defaults)()]);
      return {
        plan: (given: Config, context, options) => {
          const own = { ...defaults, ...given };
          const leads = where !== undefined && own[where] !== undefined && own[where] !== '';
          return ((leads ? reach : elsewhere) as Probe<unknown>).plan(own, context, options);
        },
      } as Probe<never>;
    };
  };
}

/** A test that knows no credentials, since somebody else holds them: as far as the connection, and it says so. */
export async function reachOnly(connector: Connector): Promise<Probe<never>> {
  const { name, fields, defaults = {}, reach = reached(name)(fields, defaults) } = connector;
  const why = 'its credentials are held where Headwater cannot read them';
  const own = (await connector.probe()) as Probe<unknown>;
  const probe = own.withoutSecrets ? own : ((await reach()) as Probe<unknown>);
  return {
    plan: (own, context, options) => {
      const plan = probe.plan(own, context, options);
      const login = untested({ code: 'CREDENTIALS_ELSEWHERE', facts: { server: name, what: why } });
      return {
        ...plan,
        steps: [
          ...plan.steps.filter(({ id }) => id !== 'auth' && id !== 'reach'),
          { ...login, id: 'auth', title: 'Login' },
        ],
      };
    },
  } as Probe<never>;
}

/** What only its platform can reach: the test says that nothing was connected to, and why. */
export function notReached(server: string, why = 'its platform is what connects to it'): MakeProbe {
  return () => async () => ({
    plan: () => ({
      subject: server,
      steps: [untested({ code: 'TESTED_ELSEWHERE', facts: { server, what: why } })],
      close: async () => {},
      session: () => {
        throw new TypeError('nothing to read through');
      },
    }),
  });
}

function untested(warning: Problem): StepSpec {
  return {
    id: 'reach',
    title: 'Connection',
    limitMs: 1000,
    timeout: { code: 'CHECK_BROKEN', facts: {} },
    run: () => ({ warning }),
  };
}
