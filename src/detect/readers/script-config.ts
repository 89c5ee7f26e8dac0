import { engineOf } from '../engines.ts';
import {
  type FieldFrom,
  type Found,
  folderOf,
  type LookedAt,
  NOTHING,
  type Part,
  type Told,
  VARIABLE,
} from '../found.ts';

const DIALECT = /\b(?:dialect|driver|provider)\s*:\s*['"`]([\w-]+)['"`]/;
const FROM = `(?:process\\.env\\.(${VARIABLE})|process\\.env\\[\\s*['"\`](${VARIABLE})['"\`]\\s*\\]|(?:\\w+\\.)?env(?:\\.(${VARIABLE})|\\(\\s*['"\`](${VARIABLE})['"\`]\\s*\\)))`;
const KEYS: Readonly<Record<string, Part>> = {
  url: 'connection_string',
  connectionString: 'connection_string',
  host: 'host',
  server: 'host',
  port: 'port',
  user: 'username',
  username: 'username',
  password: 'password',
  database: 'database',
};
const FIELD = new RegExp(
  `\\b(${Object.keys(KEYS).join('|')})\\s*:\\s*(?:String\\(|Number\\(|\\+)?\\s*(?:${FROM}|(['"\`\\d]))`,
  'g',
);

/** `drizzle.config.ts`, `prisma.config.ts`: the dialect, and the variables that hold the connection. Nothing is run. */
export function readScriptConfig({ file, text }: LookedAt): Told {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const engine = engineOf(DIALECT.exec(code)?.[1] ?? '');
  const fields: Partial<Record<Part, FieldFrom>> = {};
  for (const [, key = '', ...rest] of code.matchAll(FIELD)) {
    const part = KEYS[key];
    if (part === undefined) continue;
    const env = rest.slice(0, 4).find((each) => each !== undefined);
    fields[part] ??= env === undefined ? { key } : { env };
  }
  const hints = engine === undefined ? [] : [{ folder: folderOf(file), engine, weight: 3 }];
  if (fields.connection_string === undefined && fields.password === undefined) return { ...NOTHING, hints };
  const what = engine === undefined ? 'its connection' : `its connection, dialect ${engine}`;
  const found: Found = { file, what, name: 'database', fields, ...(engine ? { engine } : {}) };
  return { found: [found], hints };
}
