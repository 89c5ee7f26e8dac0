import { engineOf } from '../engines.ts';
import { type FieldFrom, type Found, type LookedAt, NOTHING, type Part, type Told, VARIABLE } from '../found.ts';

/** Any key, since any may have a value of several lines. */
const LINE = /^\s*(?:export\s+)?([\w.-]+)(?:\s*=|:\s)\s*(["'`]?)(.*)$/;
const IS_NAME = new RegExp(`^${VARIABLE}$`);

/** The last words of a name, and which part of a connection it holds. Longer ones first. */
const ENDS: readonly (readonly [Part, readonly string[]])[] = [
  [
    'connection_string',
    ['URL_NON_POOLING', 'PRISMA_URL', 'CONNECTION_STRING', 'CONNECTION_URL', 'CONN_STRING', 'URL', 'URI', 'DSN'],
  ],
  ['password', ['ROOT_PASSWORD', 'SA_PASSWORD', 'PASSWORD', 'PASSWD', 'PASS', 'PWD']],
  ['username', ['USERNAME', 'USER']],
  ['host', ['HOSTNAME', 'HOST', 'SERVER']],
  ['port', ['PORT']],
  ['database', ['DATABASE', 'DBNAME', 'DB_NAME', 'DB', 'NAME']],
];
/** libpq's own have no `_`. */
const LIBPQ: Readonly<Record<string, Part>> = {
  PGHOST: 'host',
  PGPORT: 'port',
  PGUSER: 'username',
  PGPASSWORD: 'password',
  PGDATABASE: 'database',
};
/** Words for any database. */
const SOME = ['DB', 'DATABASE'];

/** Names of variables, by which a connection is told; no value is looked at. */
export function readDotenv({ file, text }: LookedAt): Told {
  const groups = new Map<string, { engine: string | undefined; fields: Partial<Record<Part, FieldFrom>> }>();
  for (const key of keysOf(text)) {
    const named = partOf(key);
    if (!named) continue;
    const group = groups.get(named.group) ?? { engine: named.engine, fields: {} };
    group.fields[named.part] ??= { env: key };
    groups.set(named.group, group);
  }
  const found = [...groups].flatMap(([prefix, { engine, fields }]): Found[] => {
    const isConnection = fields.connection_string ?? fields.password ?? (fields.host && fields.username);
    if (!isConnection) return [];
    const keys = Object.values(fields).flatMap((from) => ('env' in from ? [from.env] : []));
    const name = prefix.toLowerCase().replaceAll('_', '-');
    return [{ file, what: keys.join(', '), name, fields, ...(engine ? { engine } : {}) }];
  });
  return found.length > 0 ? { found, hints: [] } : NOTHING;
}

/** Keys in their order. What is inside a quoted value of several lines is none, whatever it looks like. */
export function keysOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  const keys: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [, key, quote = '', value = ''] = LINE.exec(lines[at] ?? '') ?? [];
    if (key === undefined) continue;
    if (IS_NAME.test(key)) keys.push(key);
    if (quote === '' || closes(value, quote)) continue;
    const end = lines.findIndex((line, index) => index > at && closes(line, quote));
    if (end > 0) at = end;
  }
  return keys;
}

function closes(text: string, quote: string): boolean {
  return text.replace(/\\./g, '').includes(quote);
}

function partOf(key: string): { group: string; part: Part; engine: string | undefined } | undefined {
  const own = LIBPQ[key];
  if (own !== undefined) return { group: 'PG', part: own, engine: 'postgresql' };
  for (const [part, ends] of ENDS) {
    const end = ends.find((each) => key.endsWith(`_${each}`));
    if (end === undefined) continue;
    const group = key.slice(0, -end.length - 1);
    const engine = engineNamedIn(group);
    if (engine !== undefined || SOME.some((word) => group === word || group.endsWith(`_${word}`))) {
      return { group, part, engine };
    }
  }
  return undefined;
}

/** `SHOP_POSTGRES`: the engine that a word of it names. */
function engineNamedIn(group: string): string | undefined {
  const words = group.split('_');
  const pairs = words.map((word, at) => `${word}_${words[at + 1]}`);
  return [...pairs, ...words].map(engineOf).find((engine) => engine !== undefined);
}
