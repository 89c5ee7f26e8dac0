/** What must hold for a field to count; a list is ANDed. A field without a value counts with its default. */
export interface Condition {
  field: string;
  /** One of these. */
  is: readonly unknown[];
}

interface Conditional {
  facts: { needed?: true; shownWhen?: readonly Condition[] };
}

type JsonSchema = Record<string, unknown>;

/** `ssh.enabled is true and mode is "a" or "b"` */
export function wordsOf(conditions: readonly Condition[]): string {
  return conditions
    .map(({ field, is }) => `${field} is ${is.map((value) => JSON.stringify(value)).join(' or ')}`)
    .join(' and ');
}

/** What JSON Schema says of fields that are required only while others have certain values. */
export function conditionalNeeds(
  fields: Readonly<Record<string, Conditional>>,
  defaults: Readonly<Record<string, unknown>>,
): JsonSchema[] {
  const needs = new Map<string, { conditions: readonly Condition[]; names: string[] }>();
  for (const [name, { facts }] of Object.entries(fields)) {
    if (!facts.needed || !facts.shownWhen || defaults[name] !== undefined) continue;
    const key = JSON.stringify(facts.shownWhen);
    const need = needs.get(key) ?? { conditions: facts.shownWhen, names: [] };
    needs.set(key, need);
    need.names.push(name);
  }
  return [...needs.values()].map(({ conditions, names }) => ({
    if: premise(conditions, defaults),
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema calls it so
    then: { required: names },
  }));
}

/** A field that is not there counts with its default, which fits already or never. */
function premise(conditions: readonly Condition[], defaults: Readonly<Record<string, unknown>>): JsonSchema {
  const needed = conditions.filter(({ field, is }) => !is.includes(defaults[field])).map(({ field }) => field);
  return {
    properties: Object.fromEntries(conditions.map(({ field, is }) => [field, { enum: is }])),
    ...(needed.length > 0 ? { required: needed } : {}),
  };
}
