import type { JsonSchema } from '../connectors/json-schema.ts';
import type { Output } from './output/output.ts';
import { table } from './output/table.ts';

interface FieldRow {
  name: string;
  needed: string;
  standard: string;
  kind: string;
  description: string;
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'number',
  number: 'number',
  boolean: 'yes/no',
  array: 'list',
  object: 'object',
};

/** The fields of a JSON Schema as a table for people. */
export function fieldTable(out: Output, schema: JsonSchema, secretFields: readonly string[]): string[] {
  const columns = [
    { title: 'Field', text: ({ name }: FieldRow) => name, style: () => 'cyan' as const },
    { title: 'Needed', text: ({ needed }: FieldRow) => needed },
    { title: 'Default', text: ({ standard }: FieldRow) => standard, fit: 'cut' as const },
    {
      title: 'Kind',
      text: ({ kind }: FieldRow) => kind,
      style: ({ kind }: FieldRow) => (kind === 'secret' ? ('yellow' as const) : undefined),
    },
    { title: 'Description', text: ({ description }: FieldRow) => description, fit: 'wrap' as const },
  ];
  return table(out, columns, fieldRows(schema, secretFields));
}

function fieldRows(schema: JsonSchema, secretFields: readonly string[]): FieldRow[] {
  const needed = neededFields(schema);
  return Object.entries(objectOf(schema['properties'])).map(([name, property]) => {
    const facts = objectOf(property);
    return {
      name,
      needed: needed.get(name) ?? '',
      standard: facts['default'] === undefined ? '' : JSON.stringify(facts['default']).replaceAll('"', ''),
      kind: secretFields.includes(`/${name}`) ? 'secret' : kindOf(facts),
      description: describe(facts),
    };
  });
}

/** `anyOf` says that one set of fields can stand for another: the first is the usual one. */
function neededFields(schema: JsonSchema): Map<string, string> {
  const sets = Array.isArray(schema['anyOf']) ? schema['anyOf'].map(objectOf) : [schema];
  const marks = sets.flatMap(({ required }, at) =>
    (Array.isArray(required) ? required : []).map((name): [string, string] => [
      String(name),
      at === 0 ? 'yes' : 'instead',
    ]),
  );
  return new Map(marks.reverse());
}

function kindOf({ type, enum: choices }: JsonSchema): string {
  if (choices !== undefined) return 'choice';
  return KINDS[String(type)] ?? '';
}

function describe({ description, enum: choices, type, examples }: JsonSchema): string {
  const said = String(description ?? '');
  const unsaid = Array.isArray(choices) && !choices.every((each) => said.includes(String(each)));
  const parts = [
    said,
    unsaid ? `One of ${choices.join(', ')}.` : '',
    type === 'array' && Array.isArray(examples) ? `For example ${JSON.stringify(examples[0])}.` : '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function objectOf(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
