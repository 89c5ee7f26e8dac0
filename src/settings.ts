import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { nearest } from './nearest.ts';
import { urlFault } from './net/http-url.ts';
import { isHost, list, NETWORK_VARIABLES } from './net/network-variables.ts';
import { PLATFORM_VARIABLES, type PlatformSettings, platformSettings } from './net/platform-variables.ts';
import type { VaultPrefix } from './secrets/providers/vault-path.ts';
import { VAULT_VARIABLES } from './secrets/providers/vault-variables.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const folders = z
  .string()
  .transform(list)
  .refine((paths) => paths.every((path) => isAbsolute(path)), 'must be absolute paths, separated by commas');

const flag = z.stringbool({ truthy: ['1', 'true', 'on', 'yes'], falsy: ['0', 'false', 'off', 'no', ''] });

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);

const PLATFORMS = ['local', 'streamkap', 'kaireon', 'airweave', 'camelai', 'kafka_connect'] as const;

/** Every variable Headwater reads: its schema, and what README says of it. One table, nothing else reads the environment. */
const VARIABLES = {
  HEADWATER_HOME: {
    schema: z.string().min(1).optional(),
    meaning: 'Data folder, 0700: `headwater.db`, `attempts.db`, `master.key`',
    standard: '`~/.headwater`',
  },
  HEADWATER_MASTER_KEY: {
    schema: z.string().optional(),
    meaning: 'Key that seals credentials: 32 bytes, base64',
    standard: '`master.key` in the data folder',
  },
  HEADWATER_MASTER_KEY_FILE: { schema: z.string().optional(), meaning: 'File that holds the key', standard: '' },
  HEADWATER_PLATFORM: {
    schema: z.enum(PLATFORMS).default('local'),
    meaning: 'Default platform of the tools',
    standard: '`local`',
  },
  ...NETWORK_VARIABLES,
  HEADWATER_INLINE_SECRETS: {
    schema: z.enum(['warn', 'refuse', 'allow']).default('warn'),
    meaning:
      'A literal secret in an argument: `warn` accepts it and says that it is now in the transcript; `refuse`; `allow`',
    standard: '`warn`',
  },
  HEADWATER_ENV_PREFIX: {
    schema: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the start of a variable name')
      .default('HEADWATER_SECRET_'),
    meaning: 'The only environment names `${env:…}` may read',
    standard: '`HEADWATER_SECRET_`',
  },
  HEADWATER_REFERENCE_DIRS: {
    schema: folders.default(['/run/secrets']),
    meaning: 'Folders that `${file:…}` may read',
    standard: '`/run/secrets`',
  },
  HEADWATER_VAULT_ADDR: {
    schema: z
      .string()
      .refine(isServer, 'must be a URL such as https://vault.example.com:8200')
      .transform((text) => new URL(text))
      .optional(),
    meaning: 'HashiCorp Vault, which `${vault:…}` asks; exempt from the egress policy',
    standard: 'none',
  },
  ...VAULT_VARIABLES,
  HEADWATER_FILE_ROOTS: {
    schema: folders.default([]),
    meaning: 'Folders whose files connectors such as `csv` may read, for everybody who may test sources',
    standard: 'none',
  },
  HEADWATER_CONNECTORS: {
    schema: z
      .string()
      .min(1)
      .transform((path) => resolve(path))
      .optional(),
    meaning: 'Folder of connector files of your own; they run as Headwater does (docs/connectors.md)',
    standard: 'none',
  },
  HEADWATER_TEST_LIMIT: {
    schema: wholeNumber(1, 100_000).default(100),
    meaning:
      'Connections that one tenant may attempt within 60 s, by testing, creating, changing, discovering and previewing sources; three tenths of them to one destination',
    standard: '`100`',
  },
  HEADWATER_PUBLIC_URL: {
    schema: z
      .string()
      .refine(isServer, 'must be a URL such as https://headwater.example.com')
      .transform((text) => new URL(text))
      .optional(),
    meaning:
      'Where people see `headwater http`, if a proxy is before it: links to pages begin with it, and its host is one that requests may name',
    standard: 'where it listens',
  },
  HEADWATER_PAGE_PORT: {
    schema: wholeNumber(1, 65_535).optional(),
    meaning:
      'Port of this machine for the pages of `headwater stdio`, for OAuth providers that want redirect addresses registered to the port: `http://127.0.0.1:PORT/credentials/callback`. Where it is taken, any other',
    standard: 'any free one',
  },
  HEADWATER_READ_ONLY: { schema: flag.default(false), meaning: 'Hides every tool that writes', standard: 'off' },
  ...PLATFORM_VARIABLES,
  HEADWATER_LOG_LEVEL: {
    schema: z.enum(LOG_LEVELS).default('info'),
    meaning: 'JSON log lines on stderr: `debug`, `info`, `warn`, `error`, `silent`',
    standard: '`info`',
  },
} as const;

export type VariableName = keyof typeof VARIABLES;

/** README's configuration table, from the table itself. */
export function variableTable(): { name: string; standard: string; meaning: string }[] {
  return Object.entries(VARIABLES).map(([name, { standard, meaning }]) => ({ name, standard, meaning }));
}

export interface Settings {
  home: string;
  storeFile: string;
  masterKey: { value?: string; file?: string; home: string };
  platform: (typeof PLATFORMS)[number];
  /** Accounts on other platforms. */
  platforms: PlatformSettings;
  egress: 'public_only' | 'allow_private';
  allowHosts: readonly string[];
  allowCidrs: readonly string[];
  /** Addresses that connections leave from, as firewalls see them. */
  outgoing: readonly string[];
  inlineSecrets: 'warn' | 'refuse' | 'allow';
  references: {
    envPrefix: string;
    directories: readonly string[];
    forbidden: readonly string[];
    environment: Readonly<Record<string, string>>;
  };
  vault: {
    url?: URL;
    token?: string;
    tokenFile?: string;
    namespace?: string;
    prefixes: readonly VaultPrefix[];
    caFile?: string;
  };
  /** Folders that file connectors may read. */
  fileRoots: readonly string[];
  /** Folder of connectors that the operator brought. */
  connectors?: string;
  /** Attempts to connect within 60 s, per tenant. */
  testLimit: number;
  /** Where people see the HTTP server; absent where that is where it listens. */
  publicUrl?: URL;
  /** Of this machine, for pages; absent where any will do. */
  pagePort?: number;
  readOnly: boolean;
  logLevel: LogLevel;
  /** Names of the variables that were set, for `doctor`. */
  given: readonly string[];
}

/** A wrong setting: one clear line for the person who starts Headwater. */
export class SettingsError extends Error {}

/**
 * Reads the environment. @throws SettingsError for a wrong value, or for an unknown HEADWATER_ name that is within two
 * edits of a known one; other unknown names are left alone, since orchestrators inject some. `standard`: what holds
 * where the environment says nothing and it depends on who can reach the process.
 */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  standard: Pick<Settings, 'egress'> = { egress: 'allow_private' },
): Settings {
  refuseTypos(environment);
  const values = Object.fromEntries(
    Object.entries(VARIABLES).map(([name, { schema }]) => [name, readOne(name, schema, environment[name])]),
  ) as { [N in VariableName]: z.output<(typeof VARIABLES)[N]['schema']> };
  const home = values.HEADWATER_HOME ?? join(homedir(), '.headwater');
  const prefix = values.HEADWATER_ENV_PREFIX;
  return {
    home,
    storeFile: join(home, 'headwater.db'),
    masterKey: {
      home,
      ...(values.HEADWATER_MASTER_KEY === undefined ? {} : { value: values.HEADWATER_MASTER_KEY }),
      ...(values.HEADWATER_MASTER_KEY_FILE === undefined ? {} : { file: values.HEADWATER_MASTER_KEY_FILE }),
    },
    platform: values.HEADWATER_PLATFORM,
    platforms: platformSettings(values),
    egress: values.HEADWATER_EGRESS ?? standard.egress,
    allowHosts: values.HEADWATER_ALLOW_HOSTS,
    allowCidrs: values.HEADWATER_ALLOW_CIDRS,
    outgoing: values.HEADWATER_OUTGOING_ADDRESSES,
    inlineSecrets: values.HEADWATER_INLINE_SECRETS,
    references: {
      envPrefix: prefix,
      directories: values.HEADWATER_REFERENCE_DIRS,
      forbidden: [home, values.HEADWATER_MASTER_KEY_FILE, values.HEADWATER_VAULT_TOKEN_FILE].filter(
        (path) => path !== undefined,
      ),
      environment: Object.fromEntries(
        Object.entries(environment).filter(
          // Whatever the prefix, the settings themselves (the master key is one) are no secrets to send anywhere.
          (entry): entry is [string, string] =>
            entry[0].startsWith(prefix) && entry[1] !== undefined && !Object.hasOwn(VARIABLES, entry[0]),
        ),
      ),
    },
    vault: {
      prefixes: values.HEADWATER_VAULT_PATHS,
      ...onlySet({
        url: values.HEADWATER_VAULT_ADDR,
        token: values.HEADWATER_VAULT_TOKEN,
        tokenFile: values.HEADWATER_VAULT_TOKEN_FILE,
        namespace: values.HEADWATER_VAULT_NAMESPACE,
        caFile: values.HEADWATER_VAULT_CA_FILE,
      }),
    },
    fileRoots: values.HEADWATER_FILE_ROOTS,
    ...(values.HEADWATER_CONNECTORS === undefined ? {} : { connectors: values.HEADWATER_CONNECTORS }),
    testLimit: values.HEADWATER_TEST_LIMIT,
    ...onlySet({ publicUrl: values.HEADWATER_PUBLIC_URL, pagePort: values.HEADWATER_PAGE_PORT }),
    readOnly: values.HEADWATER_READ_ONLY,
    logLevel: values.HEADWATER_LOG_LEVEL,
    given: Object.keys(VARIABLES).filter((name) => environment[name] !== undefined),
  };
}

/** What the person's environment says of terminals, as other programs read it. */
export function readTerminalWishes(environment: Readonly<Record<string, string | undefined>> = process.env): {
  /** NO_COLOR and, stronger, FORCE_COLOR; absent where neither is set. */
  colours?: boolean;
  /** A terminal that cannot move its cursor. */
  dumb: boolean;
} {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: terminal } = environment;
  const wish = force === undefined ? (no ? false : undefined) : force !== '0' && force !== 'false';
  return { ...(wish === undefined ? {} : { colours: wish }), dumb: terminal === 'dumb' };
}

function readOne(name: string, schema: z.ZodType, value: string | undefined): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const why = result.error.issues[0]?.message.replace(/^Invalid (input|option): /, '') ?? 'is not usable';
  throw new SettingsError(`${name}: ${why}`);
}

function refuseTypos(environment: Readonly<Record<string, string | undefined>>): void {
  const known = Object.keys(VARIABLES);
  const prefix = environment['HEADWATER_ENV_PREFIX'] ?? 'HEADWATER_SECRET_';
  for (const name of Object.keys(environment)) {
    if (!name.startsWith('HEADWATER_') || name.startsWith(prefix) || known.includes(name)) continue;
    const meant = nearest(name, known);
    if (meant) throw new SettingsError(`${name} is not a setting; did you mean ${meant}?`);
  }
}

/** Without what is not set. */
function onlySet<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

function isServer(text: string): boolean {
  if (urlFault(text) !== undefined) return false;
  const { search, hash } = new URL(text);
  return search === '' && hash === '' && isHost(new URL(text).hostname.replace(/^\[|\]$/g, ''));
}
