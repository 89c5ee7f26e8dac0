import { dirname } from 'node:path';

/** What is open already, by the operator's settings. */
export interface Opened {
  envPrefix: string;
  /** Names of the variables that are set and may be read. */
  variables: readonly string[];
  /** Folders that files may be read from. */
  directories: readonly string[];
}

/** One thing that a person does so that references can be read: a setting, or a command. */
export interface Allow {
  setting?: 'HEADWATER_ENV_PREFIX' | 'HEADWATER_REFERENCE_DIRS';
  value?: string;
  command?: string;
  why: string;
}

/** What the references of one proposal point at. */
export interface Pointed {
  variables: readonly string[];
  files: readonly string[];
  /** Names of secrets that are still to be stored. */
  stored: readonly string[];
}

const SHORTEST_PREFIX = 3;

/** What must be done before they can be read; nothing where all of it is. */
export function toAllow({ variables, files, stored }: Pointed, opened: Opened): Allow[] {
  return [
    ...forVariables(variables, opened),
    ...forFiles(files, opened.directories),
    ...stored.map((name) => ({
      command: `headwater secret set ${name}`,
      why: `A person gives the secret there: it stands in clear in the file, which was not read out. It is \${credential:${name}} then.`,
    })),
  ];
}

function forVariables(names: readonly string[], { envPrefix, variables }: Opened): Allow[] {
  const allow: Allow[] = [];
  if (names.some((name) => !name.startsWith(envPrefix))) {
    const prefix = commonPrefix(names);
    allow.push(
      prefix === undefined
        ? { why: `No one HEADWATER_ENV_PREFIX fits ${names.join(' and ')}; store them: headwater secret set NAME.` }
        : {
            setting: 'HEADWATER_ENV_PREFIX',
            value: prefix,
            why: `\${env:…} may read names that begin with ${envPrefix} alone; this is instead of that.`,
          },
    );
  }
  const missing = names.filter((name) => !variables.includes(name));
  if (missing.length > 0) {
    allow.push({
      why: `${missing.join(' and ')} must be set where Headwater is started: it reads no .env file itself.`,
    });
  }
  return allow;
}

/** The longest beginning of all of them that ends with a word. */
function commonPrefix(names: readonly string[]): string | undefined {
  const [first = '', ...rest] = names;
  if (rest.length === 0) return first;
  let length = first.length;
  for (const name of rest) while (!name.startsWith(first.slice(0, length))) length -= 1;
  const common = first.slice(0, length);
  const words = names.includes(common) ? common : common.slice(0, common.lastIndexOf('_') + 1);
  return words.length < SHORTEST_PREFIX ? undefined : words;
}

function forFiles(files: readonly string[], directories: readonly string[]): Allow[] {
  const closed = files
    .map(dirname)
    .filter((folder) => !directories.some((open) => `${folder}/`.startsWith(`${open}/`)));
  if (closed.length === 0) return [];
  return [
    {
      setting: 'HEADWATER_REFERENCE_DIRS',
      value: [...new Set([...directories, ...closed])].join(','),
      why: '${file:…} may read files of these folders alone.',
    },
  ];
}
