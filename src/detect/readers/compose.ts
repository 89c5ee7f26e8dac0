import { isAbsolute, resolve } from 'node:path';
import { engineOf } from '../engines.ts';
import {
  type FieldFrom,
  type Found,
  folderOf,
  type Hint,
  type LookedAt,
  NOTHING,
  type Part,
  safeName,
  type Told,
  VARIABLE,
} from '../found.ts';
import { list, mapping, yamlOf } from '../yaml.ts';

interface Image {
  engine: string;
  port: number;
  /** Variables of the image, first those that are used first. */
  keys: Readonly<Partial<Record<Part, readonly string[]>>>;
  /** Its user, where no variable names one. */
  user?: string;
}

const MYSQL_KEYS = (prefix: string): Image['keys'] => ({
  username: [`${prefix}_USER`],
  password: [`${prefix}_PASSWORD`, `${prefix}_ROOT_PASSWORD`],
  database: [`${prefix}_DATABASE`],
});

const IMAGES: readonly Image[] = [
  {
    engine: 'postgresql',
    port: 5432,
    keys: {
      username: ['POSTGRES_USER', 'POSTGRESQL_USERNAME'],
      password: ['POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD'],
      database: ['POSTGRES_DB', 'POSTGRESQL_DATABASE'],
    },
    user: 'postgres',
  },
  { engine: 'mysql', port: 3306, keys: MYSQL_KEYS('MYSQL'), user: 'root' },
  {
    engine: 'mariadb',
    port: 3306,
    keys: {
      username: ['MARIADB_USER', 'MYSQL_USER'],
      password: ['MARIADB_PASSWORD', 'MYSQL_PASSWORD', 'MARIADB_ROOT_PASSWORD', 'MYSQL_ROOT_PASSWORD'],
      database: ['MARIADB_DATABASE', 'MYSQL_DATABASE'],
    },
    user: 'root',
  },
  {
    engine: 'mongodb',
    port: 27017,
    keys: {
      username: ['MONGO_INITDB_ROOT_USERNAME', 'MONGODB_ROOT_USER'],
      password: ['MONGO_INITDB_ROOT_PASSWORD', 'MONGODB_ROOT_PASSWORD'],
      database: ['MONGO_INITDB_DATABASE', 'MONGODB_DATABASE'],
    },
  },
  { engine: 'sqlserver', port: 1433, keys: { password: ['MSSQL_SA_PASSWORD', 'SA_PASSWORD'] }, user: 'sa' },
  {
    engine: 'oracle',
    port: 1521,
    keys: { username: ['APP_USER'], password: ['APP_USER_PASSWORD', 'ORACLE_PASSWORD', 'ORACLE_PWD'] },
  },
];

const WHOLE_VARIABLE = new RegExp(`^\\$\\{(${VARIABLE})(?::?[-?+][^{}]*)?\\}$`);
const DEFAULTED = /\$\{[A-Za-z_]\w*(?::?-([^{}]*))?\}/g;

type Mapping = Readonly<Record<string, unknown>>;

/** A compose file: which service is a database, the port it publishes, and which of its variables hold what. */
export async function readCompose(looked: LookedAt): Promise<Told> {
  const whole = mapping(await yamlOf(looked.text));
  const found: Found[] = [];
  const hints: Hint[] = [];
  for (const [name, content] of Object.entries(mapping(whole['services']))) {
    const service = mapping(content);
    const image = imageOf(service['image']);
    if (!image) continue;
    hints.push({ folder: folderOf(looked.file), engine: image.engine, weight: 1 });
    found.push(databaseOf(looked, safeName(name, 'a service'), service, image, mapping(whole['secrets'])));
  }
  return found.length > 0 ? { found, hints } : NOTHING;
}

function databaseOf(looked: LookedAt, name: string, service: Mapping, image: Image, secrets: Mapping): Found {
  const environment = environmentOf(service['environment']);
  const fields: Partial<Record<Part, FieldFrom>> = {};
  for (const [part, keys] of Object.entries(image.keys) as [Part, readonly string[]][]) {
    const from = keys.map((key) => fromOf(looked, environment, key, secrets)).find((each) => each !== undefined);
    if (from) fields[part] = from;
  }
  if (image.user !== undefined) fields.username ??= { value: image.user };
  const port = publishedPort(service['ports'], image.port);
  if (port !== undefined) Object.assign(fields, { host: { value: 'localhost' }, port: { value: port } });
  return {
    file: looked.file,
    what: `service ${name}, image of ${image.engine}`,
    engine: image.engine,
    name: safeName(name, 'db'),
    fields,
    ...(port === undefined
      ? { notes: [`The service ${name} publishes no port: only other services of its file reach it.`] }
      : {}),
  };
}

/** `docker.io/bitnami/postgresql:16`: told by the last part of its name, or the one before. */
function imageOf(image: unknown): Image | undefined {
  if (typeof image !== 'string') return undefined;
  const [path = ''] = withDefaults(image).split('@');
  const words = path
    .replace(/:[^:/]*$/, '')
    .split('/')
    .slice(-2)
    .reverse();
  const engines = words.flatMap((word) => [word, ...word.split('-')]).map(engineOf);
  const engine = engines.find((each) => each !== undefined);
  return IMAGES.find((each) => each.engine === engine);
}

function withDefaults(text: string): string {
  return text.replace(DEFAULTED, (_, standard: string | undefined) => standard ?? '');
}

/** Values stand in it, and leave it only as what `fromOf` makes of them. */
function environmentOf(environment: unknown): Map<string, unknown> {
  if (!Array.isArray(environment)) return new Map(Object.entries(mapping(environment)));
  return new Map(
    environment.flatMap((each): [string, unknown][] => {
      if (typeof each !== 'string') return [];
      const at = each.indexOf('=');
      return [at < 0 ? [each, null] : [each.slice(0, at), each.slice(at + 1)]];
    }),
  );
}

function fromOf(
  looked: LookedAt,
  environment: ReadonlyMap<string, unknown>,
  key: string,
  secrets: Mapping,
): FieldFrom | undefined {
  if (environment.has(key)) return variableIn(environment.get(key), key);
  const file = environment.get(`${key}_FILE`);
  return typeof file === 'string' ? secretFile(looked, file, key, secrets) : undefined;
}

/** Without a value it comes from where compose is started, under the same name. */
function variableIn(value: unknown, key: string): FieldFrom {
  if (value === null || value === '') return { env: key };
  const env = typeof value === 'string' ? WHOLE_VARIABLE.exec(value)?.[1] : undefined;
  return env === undefined ? { key } : { env };
}

/** `/run/secrets/NAME` of the service is a file of the project, or a variable. */
function secretFile({ folder, isInside }: LookedAt, path: string, key: string, secrets: Mapping): FieldFrom {
  const name = /^\/run\/secrets\/([\w.-]+)$/.exec(path)?.[1];
  const secret = mapping(name === undefined ? undefined : secrets[name]);
  const { file, environment } = secret;
  if (typeof environment === 'string' && new RegExp(`^${VARIABLE}$`).test(environment)) return { env: environment };
  if (typeof file !== 'string' || !/^[\w./ -]{1,200}$/.test(file)) return { key: `${key}_FILE` };
  const whole = isAbsolute(file) ? file : resolve(folder, file);
  return isInside(whole) ? { path: whole } : { key: `${key}_FILE` };
}

/** The port of this machine that leads to the service's. */
function publishedPort(ports: unknown, own: number): number | undefined {
  for (const each of list(ports)) {
    const [published, target] = portsOf(each);
    if (target !== own) continue;
    if (Number.isInteger(published) && published > 0 && published < 65_536) return published;
  }
  return undefined;
}

function portsOf(entry: unknown): readonly [published: number, target: number] {
  if (typeof entry !== 'string') {
    const { published, target } = mapping(entry);
    return [Number(withDefaults(String(published))), Number(target)];
  }
  const parts = withDefaults(entry)
    .replace(/\/(tcp|udp)$/, '')
    .split(':');
  return [Number(parts.at(-2)), Number(parts.at(-1))];
}
