import { engineOf } from '../engines.ts';
import {
  type FieldFrom,
  type Found,
  type LookedAt,
  NOTHING,
  type Part,
  safeName,
  type Told,
  VARIABLE,
} from '../found.ts';
import { mapping, yamlOf } from '../yaml.ts';

/** dbt's keys of a target, by adapter where they differ. */
const KEYS: Readonly<Record<string, Part>> = {
  host: 'host',
  server: 'host',
  port: 'port',
  dbname: 'database',
  database: 'database',
  user: 'username',
  username: 'username',
  UID: 'username',
  password: 'password',
  pass: 'password',
  PWD: 'password',
};
const ENV_VAR = new RegExp(`^\\{\\{-?\\s*env_var\\(\\s*['"](${VARIABLE})['"].*\\}\\}$`, 's');
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}$/;
/** Of these alone the value is taken: nobody hides them, and the agent need not open the file for them. */
const TAKEN: Readonly<Partial<Record<Part, (value: unknown) => boolean>>> = {
  host: (value) => typeof value === 'string' && NAME.test(value),
  port: (value) => Number.isInteger(Number(value)) && Number(value) > 0 && Number(value) < 65_536,
  database: (value) => typeof value === 'string' && NAME.test(value),
};

/** dbt's `profiles.yml`: each target of each profile. */
export async function readDbt({ file, text }: LookedAt): Promise<Told> {
  const found: Found[] = [];
  for (const [profile, content] of Object.entries(mapping(await yamlOf(text)))) {
    for (const [target, output] of Object.entries(mapping(mapping(content)['outputs']))) {
      const settings = mapping(output);
      const type = settings['type'];
      if (typeof type !== 'string' || !/^[a-z][a-z0-9_]{1,30}$/.test(type)) continue;
      const [shownProfile, shownTarget] = [safeName(profile, 'a profile'), safeName(target, 'a target')];
      found.push({
        file,
        what: `target ${shownTarget} of ${shownProfile}, type ${type}`,
        engine: engineOf(type) ?? type,
        name: safeName(`${shownProfile}-${shownTarget}`, 'dbt'),
        fields: fieldsOf(settings),
      });
    }
  }
  return found.length > 0 ? { found, hints: [] } : NOTHING;
}

function fieldsOf(settings: Readonly<Record<string, unknown>>): Partial<Record<Part, FieldFrom>> {
  const fields: Partial<Record<Part, FieldFrom>> = {};
  for (const [key, part] of Object.entries(KEYS)) {
    const value = settings[key];
    if (value === undefined || value === null || fields[part]) continue;
    fields[part] = fromOf(key, part, value);
  }
  return fields;
}

function fromOf(key: string, part: Part, value: unknown): FieldFrom {
  const env = typeof value === 'string' ? ENV_VAR.exec(value.trim())?.[1] : undefined;
  if (env !== undefined) return { env };
  if (!TAKEN[part]?.(value)) return { key };
  return { value: part === 'port' ? Number(value) : String(value) };
}
