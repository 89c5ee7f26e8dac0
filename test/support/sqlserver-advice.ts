import type { Model, ModelTable } from './sqlserver-model.ts';
import type { TdsReply } from './tds-server.ts';

/** What the catalogue says of tables that are asked about by their place in a list. */
export function adviceAnswer(model: Model, statement: string, seen: readonly ModelTable[]): TdsReply | undefined {
  const values = /\(VALUES (.*)\) w\(at, id\)/.exec(statement)?.[1];
  if (values === undefined) return undefined;
  const asked = [...values.matchAll(/\((\d+), OBJECT_ID\(N'\[(.*?)\]\.\[(.*?)\]'\)\)/g)].flatMap((match) => {
    const [at = '', schema, name] = match.slice(1).map((text) => text.replaceAll(']]', ']').replaceAll("''", "'"));
    const table = seen.find((each) => each.schema === schema && each.name === name);
    return table ? [{ at, table }] : [];
  });
  const [columns, rowsOf] = kindOf(statement, model);
  if (columns === 'denied') return { error: { number: 229, message: 'The SELECT permission was denied.' } };
  return {
    columns: ['at', ...columns],
    rows: asked.flatMap(({ at, table }) => rowsOf(table).map((row) => [at, ...row])),
  };
}

type Rows = (table: ModelTable) => (string | null)[][];

function kindOf(statement: string, model: Model): readonly [readonly string[] | 'denied', Rows] {
  if (/AS bytes/.test(statement))
    return [
      model.sizes === false ? 'denied' : ['estimate', 'bytes'],
      ({ kind, rows = [] }) => (kind === 'V' ? [] : [[String(rows.length), String(8192 * 9)]]),
    ];
  if (/AS \[index\]/.test(statement))
    return [
      ['id', 'index', 'is_key', 'name'],
      ({ keys, name, indexes = [] }) =>
        [...(keys ? [{ name: `PK_${name}`, unique: true, columns: keys }] : []), ...indexes].flatMap((index, i) =>
          index.columns.map((column) => [String(i + 1), index.name, index.unique ? '1' : '0', column]),
        ),
    ];
  if (/AS grows/.test(statement))
    return [
      ['name', 'type', 'base', 'length', 'precision', 'scale', 'nullable', 'code', 'grows'],
      ({ columns = [] }) =>
        columns
          .filter(({ type, base, identity }) => identity || /^(timestamp|(small)?datetime.*)$/.test(base ?? type))
          .map((column) => [
            column.name,
            column.type,
            column.base ?? column.type,
            String(column.length ?? 4),
            String(column.precision ?? 0),
            String(column.scale ?? 0),
            column.nullable ? '1' : '0',
            '56',
            column.identity ? '1' : '0',
          ]),
    ];
  return [
    ['kind', 'tracked', 'in_memory', 'columnstore', 'captures', 'tier'],
    ({ kind = 'U', tracked = false, storage }) => [
      [
        kind.padEnd(2),
        kind === 'V' ? null : tracked ? '1' : '0',
        storage === 'memory' ? '1' : '0',
        storage === 'columnstore' ? '1' : '0',
        model.cdc ? '1' : '0',
        model.tier,
      ],
    ],
  ];
}
