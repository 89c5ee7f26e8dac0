import type { Connector } from '../../connectors/define-connector.ts';
import { connectorSchema } from '../../connectors/json-schema.ts';
import type { ApiClient } from '../../net/api-client.ts';
import type { StepSpec } from '../../probes/probe.ts';
import { strip } from '../../secrets/redact.ts';
import { isRecord, read } from './answers.ts';

type Json = Readonly<Record<string, unknown>>;

const MOST_SAID = 5;

/** Whether Streamkap still describes a connector as the catalog does. It decides; what differs is said. */
export function schemaChecks(client: Pick<ApiClient, 'send'>, connector: Connector): readonly StepSpec[] {
  const code = connector.vendorCode ?? connector.code;
  return [
    {
      id: 'platform_schema',
      title: 'Streamkap knows these fields',
      limitMs: 4000,
      timeout: {
        code: 'PLATFORM_CHECK_UNAVAILABLE',
        facts: { server: 'Streamkap', what: 'it did not answer in time' },
      },
      run: async (signal) => {
        const request = { method: 'GET' as const, path: '/sources/connectors', query: { connector_code: code } };
        const answer = await read(client, request, { signal });
        const definition = answer && definitionIn(answer.json, connector);
        if (!definition) return { skip: 'Streamkap does not describe the connector' };
        const found = differences(connector, definition);
        if (found.length === 0) return { evidence: 'as in the catalog' };
        const more = found.length > MOST_SAID ? `; and ${found.length - MOST_SAID} more` : '';
        const what = found.slice(0, MOST_SAID).join('; ') + more;
        return { warning: { code: 'PLATFORM_SCHEMA_DIFFERS', facts: { server: 'Streamkap', what } } };
      },
    },
  ];
}

/**
 * The definition of a connector, wherever it stands: in an object by display names, in a list, inside `result`. One is
 * what has a list `config`.
 */
export function definitionIn(json: unknown, { name, vendorCode, code }: Connector): readonly Json[] | undefined {
  const all = [...definitions(json, '')];
  const wanted = [name, vendorCode ?? code].map((each) => each.toLowerCase());
  const fits = all.filter(({ names }) => names.some((each) => wanted.includes(each.toLowerCase())));
  const [found] = fits.length > 0 ? fits : all.length === 1 ? all : [];
  return found?.config;
}

function* definitions(value: unknown, key: string, depth = 0): Generator<{ names: string[]; config: Json[] }> {
  if (depth > 4) return;
  if (Array.isArray(value)) {
    for (const each of value) yield* definitions(each, key, depth + 1);
  } else if (isRecord(value)) {
    const { config } = value;
    if (Array.isArray(config)) {
      const said = [
        key,
        value['display_name'],
        value['name'],
        value['connector'],
        value['connector_code'],
        value['code'],
      ];
      const names = said.filter((each): each is string => typeof each === 'string' && each !== '');
      yield { names, config: config.filter(isRecord) };
    } else for (const [inner, each] of Object.entries(value)) yield* definitions(each, inner, depth + 1);
  }
}

function differences(connector: Connector, entries: readonly Json[]): string[] {
  const schema = connectorSchema(connector, 'full').schema;
  const own = schema['properties'] as Record<string, Json>;
  const theirs = new Map(
    entries
      .filter(({ user_defined: defined, is_deleted: deleted }) => defined !== false && deleted !== true)
      .flatMap((entry) => (typeof entry['name'] === 'string' ? [[entry['name'], entry] as const] : [])),
  );
  const everything = new Set(entries.map(({ name }) => name));
  return [
    ...[...theirs].flatMap(([name, entry]) =>
      own[name] ? fieldDifferences(name, own[name], entry) : [`${word(name)} is new`],
    ),
    ...Object.keys(own).flatMap((name) => (everything.has(name) ? [] : [`${name} is not there any more`])),
  ];
}

function fieldDifferences(name: string, own: Json, { value }: Json): string[] {
  if (!isRecord(value)) return [];
  const { default: standard, raw_values: values } = value;
  const found: string[] = [];
  const ours = own['enum'] ?? (own['const'] === undefined ? undefined : [own['const']]);
  if (Array.isArray(values) && values.length > 0 && Array.isArray(ours)) {
    const options = values.map((each) => String(isRecord(each) ? each['value'] : each));
    const added = options.filter((each) => !ours.map(String).includes(each));
    const gone = ours.map(String).filter((each) => !options.includes(each));
    if (added.length > 0) found.push(`${name} may also be ${added.map(word).join(', ')}`);
    if (gone.length > 0) found.push(`${name} may no longer be ${gone.join(', ')}`);
  }
  const isPlaceholder = typeof standard === 'string' && /^<[^<>]*>$/.test(standard);
  const differs =
    standard !== undefined && standard !== null && !isPlaceholder && String(standard) !== String(own['default'] ?? '');
  if (differs) found.push(`${name} is ${word(String(standard))} by default`);
  return found;
}

const word = (text: string) => strip(text).slice(0, 80);
