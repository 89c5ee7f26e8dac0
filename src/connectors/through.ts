import { HeadwaterError } from '../errors.ts';
import type { Probe, StepSpec } from '../probes/probe.ts';
import { type Problem, problemKind, StepFailure } from '../probes/problems/index.ts';
import { Secret } from '../secrets/secret.ts';
import { fieldOfRole } from './config.ts';
import type { Connector } from './define-connector.ts';
import { CONNECTORS } from './index.ts';
import { AUTH, isObject } from './paths.ts';
import { completeConfig } from './resolved-config.ts';
import { findConnector } from './search.ts';

type Made = Readonly<Record<string, unknown>>;

/**
 * The probe of a connector that comes with Headwater, for another config: `config` makes the one that it takes, secrets
 * passed on as they are. What has a default there may be left out. Reports name the fields of the config that was given.
 * @throws HeadwaterError CONNECTOR_NOT_FOUND where no connector of that code comes with Headwater
 */
export function through<C>(code: string, config: (own: C) => Made): () => Promise<Probe<C>> {
  const connector = findConnector(CONNECTORS, code);
  return async () => {
    const probe = (await connector.probe()) as Probe<unknown>;
    return {
      plan: (own, context, options) => {
        const made = madeBy(config, own);
        const plan = probe.plan(completeConfig(connector, made), context, options);
        const ownFields = (fields: readonly string[]) => fieldsBehind(fields, made, own as Made);
        return { ...plan, steps: plan.steps.map((step) => inOwnWords(step, connector, ownFields)) };
      },
    };
  };
}

function madeBy<C>(config: (own: C) => Made, own: C): Made {
  try {
    return config(own);
  } catch (error) {
    const name = error instanceof TypeError ? 'a TypeError' : 'an error';
    throw new HeadwaterError('INVALID_CONFIG', `The connector itself is at fault: making its config threw ${name}.`, {
      hint: 'Whoever wrote the connector must mend it.',
    });
  }
}

/** The step with its problems told by the fields of the config that was given. */
export function inOwnWords(
  step: StepSpec,
  connector: Pick<Connector, 'fields'>,
  ownFields: (fields: readonly string[]) => string[],
): StepSpec {
  const translated = (problem: Problem): Problem => {
    const { fields, roles = [] } = problemKind(problem.code);
    const byRole = () => roles.flatMap((role) => fieldOfRole(connector, role) ?? []);
    return { ...problem, fields: ownFields(problem.fields ?? fields ?? byRole()) };
  };
  return {
    ...step,
    run: async (...args) => {
      try {
        const outcome = await step.run(...args);
        return outcome?.warning ? { ...outcome, warning: translated(outcome.warning) } : outcome;
      } catch (error) {
        if (!(error instanceof StepFailure)) throw error;
        const { code, facts, ...details } = translated(error.problem);
        throw new StepFailure(code, facts, details);
      }
    },
  };
}

/** The fields of the given config whose values went into these of the made one. */
function fieldsBehind(fields: readonly string[], made: Made, own: Made): string[] {
  const values = fields.flatMap((field) => valuesIn(field === AUTH ? made[AUTH] : made[field.split('/')[0] ?? '']));
  return Object.keys(own).filter((name) => valuesIn(own[name]).some((value) => values.includes(value)));
}

function valuesIn(value: unknown): unknown[] {
  if (value === undefined || value === '') return [];
  return isObject(value) && !(value instanceof Secret) ? Object.values(value).flatMap(valuesIn) : [value];
}
