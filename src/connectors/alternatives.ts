import type { FieldProblem } from '../errors.ts';
import type { ConnectorDefinition } from './define-connector.ts';
import type { AuthWays, Fields } from './fields.ts';
import { AUTH, isObject, NO_AUTH } from './paths.ts';

type HasAlternatives = Pick<ConnectorDefinition<Fields, AuthWays>, 'alternatives'>;
type Settings = Readonly<Record<string, unknown>>;

/** What is wrong with a config of a connector that is reached in one of several ways. */
export function alternativeProblems({ alternatives }: HasAlternatives, config: Settings, base: string): FieldProblem[] {
  if (!alternatives) return [];
  const names = Object.keys(alternatives);
  const chosen = names.filter((name) => config[name] !== undefined);
  const [one, another] = chosen;
  if (one === undefined)
    return [{ field: `${base}/${names[0]}`, message: `is required, or ${names.slice(1).join(' or ')} in its place` }];
  if (another !== undefined)
    return chosen
      .slice(1)
      .map((name) => ({ field: `${base}/${name}`, message: `cannot go with ${one}; give one of them` }));
  return foreignFields(alternatives, one)
    .filter((name) => isGiven(name, config[name]))
    .map((name) => ({ field: `${base}/${name}`, message: `does not go with ${one}` }));
}

/** What a change to another alternative leaves behind: the one that was, and what went with it alone. */
export function leftBehind({ alternatives }: HasAlternatives, patch: Settings): string[] {
  const chosen = Object.keys(alternatives ?? {}).filter((name) => patch[name] !== undefined);
  const [one] = chosen;
  if (!alternatives || one === undefined || chosen.length > 1) return [];
  return [...Object.keys(alternatives).filter((name) => name !== one), ...foreignFields(alternatives, one)];
}

function foreignFields(alternatives: Readonly<Record<string, readonly string[]>>, chosen: string): string[] {
  const others = Object.entries(alternatives).filter(([name]) => name !== chosen);
  return others.flatMap(([, fields]) => fields).filter((field) => !alternatives[chosen]?.includes(field));
}

function isGiven(name: string, value: unknown): boolean {
  return value !== undefined && !(name === AUTH && isObject(value) && value['method'] === NO_AUTH);
}
