import type { Connector } from '../connectors/define-connector.ts';
import { isSecret } from '../connectors/fields.ts';
import type { Source } from './source.ts';

/**
 * A source as a resource of Streamkap's Terraform provider. Its attributes are the API's keys spelt otherwise, which is
 * computable in this direction alone: without `.user.defined`, dots and dashes as `_`, camelCase as snake_case.
 */
export function terraformOf(
  source: Source,
  connector: Connector,
  wire: Readonly<Record<string, unknown>>,
): { text: string; notes: string[] } {
  const label = identifier(source.name);
  const secrets = Object.keys(wire).filter((name) => connector.fields[name] && isSecret(connector.fields[name].facts));
  const attributes = Object.entries(wire).map(([name, value]): [string, string] => [
    attributeOf(name),
    secrets.includes(name) ? `var.${variable(label, name)}` : literal(value),
  ]);
  const width = Math.max(4, ...attributes.map(([name]) => name.length));
  const line = ([name, value]: [string, string]) => `  ${name.padEnd(width)} = ${value}`;
  const kind = `streamkap_source_${connector.vendorCode ?? connector.code}`;
  const resource = [
    `resource ${literal(kind)} ${literal(label)} {`,
    ...[['name', literal(source.name)] as [string, string], ...attributes].map(line),
    '}',
  ];
  const variables = secrets.flatMap((name) => [
    '',
    `variable ${literal(variable(label, name))} {`,
    '  type      = string',
    '  sensitive = true',
    '}',
  ]);
  const told = secrets.map((name) => `Set TF_VAR_${variable(label, name)} where Terraform runs: it is ${name}.`);
  return {
    text: `${[...PROVIDER, ...resource, ...variables].join('\n')}\n`,
    notes: told,
  };
}

const PROVIDER = [
  'terraform {',
  '  required_providers {',
  '    streamkap = {',
  '      source = "streamkap-com/streamkap"',
  '    }',
  '  }',
  '}',
  '',
];

/** The one that the rule does not make. */
const IRREGULAR: Readonly<Record<string, string>> = {
  'streamkap.snapshot.custom.table.config.user.defined': 'snapshot_custom_table_config',
};

/** The provider's name of an API key. */
export function attributeOf(key: string): string {
  const irregular = IRREGULAR[key];
  if (irregular !== undefined) return irregular;
  return key
    .replace(/\.user\.(defined|displayed)$/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[.-]+/g, '_')
    .toLowerCase();
}

function identifier(name: string): string {
  const words = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase();
  return /^[a-z]/.test(words) ? words : `source_${words}`;
}

function variable(label: string, name: string): string {
  return `${label}_${attributeOf(name)}`;
}

/** HCL's literals are JSON's, but that `${` and `%{` begin templates. */
function literal(value: unknown): string {
  return JSON.stringify(value).replaceAll('${', '$${').replaceAll('%{', '%%{');
}
