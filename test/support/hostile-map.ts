import { type HostileInput, hostileInputs } from './hostile-inputs.ts';

/**
 * What each case of hostile-inputs.json is in our own contract. The cases speak of the bodies of another product
 * (`type`, `authConfig`, `connectionConfig`, `ifVersion`) and of a fresh policy with nothing opened; this is the one
 * place that says what of ours they mean, where they are tried, and which of them have nothing here to be tried on.
 */

/** A call of a tool. */
export interface Ask {
  tool: string;
  args: Record<string, unknown>;
}

/** A case as calls. */
export interface Asked {
  /** Done first, and has to succeed; `SOURCE` in the asks then stands for the id of what it made. */
  before?: readonly Ask[];
  /** Each has to meet the verdict; with `inTurn`, the last alone. */
  asks: readonly Ask[];
  inTurn?: true;
  /** What names resolve to, where it is not a public address. */
  dns?: Readonly<Record<string, readonly string[] | readonly (readonly string[])[]>>;
  /** Beside a fresh default policy. */
  settings?: Readonly<Record<string, string>>;
  /** Our own verdict, where the contract decides otherwise than the case, and why. */
  ours?: { allowed: boolean; because: string };
}

/** Where a case is tried: by calls of tools, in a test of its own, or nowhere, since there is nothing to try it on. */
export type Mapping =
  | ({ by: 'calls' } & Asked)
  | { by: 'test'; file: string }
  | ({ by: 'nothing'; reason: string } & Partial<Asked>);

/** Folders that the cases have at fixed places. */
export interface Places {
  /** For `/run/secrets`. */
  secrets: string;
  /** For `/data`. */
  data: string;
}

export const SOURCE = '{source_id}';
export const STORED_PASSWORD = 'CANARY-stored-p4ss';

export function mappingOf(each: HostileInput, places: Places): Mapping {
  const map = KINDS[each.kind];
  if (!map) throw new Error(`no mapping for the kind ${each.kind} of ${each.id}`);
  return map(each as HostileInput<never>, places);
}

/** The folders of the cases as they are written. */
export const AS_WRITTEN: Places = { secrets: '/run/secrets', data: '/data' };

/** The cases of a kind that stand in tests of their own: all but those with nothing to be tried on. */
export function casesOf<Input>(kind: string): HostileInput<Input>[] {
  return hostileInputs<Input>(kind).filter((each) => mappingOf(each, AS_WRITTEN).by === 'test');
}

type MapOf<Input> = (each: HostileInput<Input>, places: Places) => Mapping;

const test = (connector: string, config: unknown): Ask => ({
  tool: 'test_connection',
  args: { connector, config, timeout_s: 5 },
});
const calls = (asks: readonly Ask[], more: Omit<Asked, 'asks'> = {}): Mapping => ({ by: 'calls', asks, ...more });
const inFile =
  (file: string): MapOf<unknown> =>
  () => ({ by: 'test', file });

const PG = { port: 5432, database: 'app', username: 'reader', tls_mode: 'disable' };
const pg = (host: unknown, more: Record<string, unknown> = {}) => ({ ...PG, host, ...more });
const BEARER = { method: 'bearer', token: '${env:HEADWATER_SECRET_API}' };

/** Everything that is reached by a URL. */
const byUrl = (url: unknown): Ask[] => [
  test('rest_api', { url, auth: BEARER }),
  test('webhook', { url, auth: BEARER }),
  test('mcp', { base_url: url, auth: BEARER }),
  test('csv', { url, auth: BEARER }),
];

// ---------------------------------------------------------------------------------------------- names and addresses

interface DnsInput {
  host: string;
  dns?: string[];
  dns_sequence?: string[][];
  connects?: number;
  policy?: { allowCidrs: string[] };
}

const dns: MapOf<DnsInput> = ({ input }) => {
  const { host, dns: answers = [], dns_sequence: sequence, connects = 1, policy } = input;
  const name = new URL(`http://${host}/`).hostname;
  return calls(
    Array.from({ length: connects }, () => test('postgresql', pg(host))),
    {
      inTurn: true,
      dns: { [name]: sequence ?? answers },
      ...(policy ? { settings: { HEADWATER_ALLOW_CIDRS: policy.allowCidrs.join(',') } } : {}),
    },
  );
};

// ------------------------------------------------------------------------------------------------ connection strings

const FOREIGN_STRINGS: Readonly<Record<string, string>> = {
  rd: 'there is no connector of Redis',
};
const DATABASES = ['postgresql', 'mysql', 'mariadb', 'mongodb'];
/** Whose connection strings are allowed ones, by what their cases are called. */
const SPEAKERS: Readonly<Record<string, readonly string[]>> = { my: ['mysql', 'mariadb'], mg: ['mongodb'] };

const connectionString: MapOf<string> = ({ id, input, expect }) => {
  const database = id.split('-')[1] ?? '';
  const reason = FOREIGN_STRINGS[database];
  const asks = (connectors: readonly string[]) =>
    connectors.map((connector) => test(connector, { connection_string: input }));
  // A string of another database is refused by all of ours.
  if (reason !== undefined) return { by: 'nothing', reason, asks: asks(DATABASES) };
  if (expect !== 'allow') return calls(asks(DATABASES));
  return calls(asks(SPEAKERS[database] ?? ['postgresql']));
};

// ------------------------------------------------------------------------------------------------- bodies and edits

interface Body {
  type: string;
  config?: Record<string, unknown>;
  connectionConfig?: Record<string, unknown>;
  authConfig?: Record<string, unknown>;
  dns?: Record<string, string[]>;
}

/** Types of the other product that have a connector here; the rest waits for one. */
const CONNECTORS: Readonly<Record<string, string>> = { postgresql: 'postgresql', rest_api: 'rest_api', csv: 'csv' };
/** Types that no catalog has, in ours as in theirs. */
const NOWHERE = ['evil_type'];

/** A config of theirs in our words: `ssl` is `tls_mode`, and what they leave out of a PostgreSQL config is a user. */
function configOf(type: string, { ssl, ...config }: Record<string, unknown>): Record<string, unknown> {
  const mode = ssl === undefined ? {} : { tls_mode: ssl };
  return type === 'postgresql' ? { username: 'reader', ...config, ...mode } : { ...config, ...mode };
}

const saved = (args: Record<string, unknown>): Ask => ({
  tool: 'create_source',
  args: { name: 'Hostile', run_test: false, ...args },
});

const config: MapOf<Body> = ({ input }) => {
  const { type, config: own, connectionConfig, dns: answers } = input;
  const connector = CONNECTORS[type];
  const given = {
    connector: connector ?? type,
    ...(own ? { config: configOf(type, own) } : {}),
    ...(connectionConfig ? { connectionConfig: configOf(type, connectionConfig) } : {}),
  };
  const asks = [saved(given), { tool: 'test_connection', args: given }];
  const more = answers ? { dns: answers } : {};
  if (connector === undefined && !NOWHERE.includes(type))
    return { by: 'nothing', reason: `there is no connector ${type}`, asks, ...more };
  if (connectionConfig === undefined) return calls(asks, more);
  const because = 'connectionConfig is no argument here: it is refused, and the answer says that config is meant';
  return calls(asks, { ...more, ours: { allowed: false, because } });
};

interface Update {
  stored: { type: string; config: Record<string, unknown> };
  patch?: Record<string, unknown> & { config?: Record<string, unknown>; authConfig?: Record<string, unknown> };
  test?: { config: Record<string, unknown> };
  currentVersion?: number;
}

/** Their names of what an update holds, in ours; a name that is not here goes in as it is, and is refused. */
const ARGUMENTS: Readonly<Record<string, string>> = { ifVersion: 'if_version', tenantId: 'tenant_id' };

const update: MapOf<Update> = ({ id, input }) => {
  const { type, config: stored } = input.stored;
  const { ssh, ...kept } = configOf(type, stored);
  const secret =
    type === 'rest_api' ? { auth: { method: 'bearer', token: STORED_PASSWORD } } : { password: STORED_PASSWORD };
  const before = [
    saved({ connector: CONNECTORS[type] ?? type, config: { ...kept, ...secret } }),
    ...Array.from({ length: (input.currentVersion ?? 1) - 1 }, (_, i) => ({
      tool: 'update_source',
      args: { source_id: SOURCE, description: `version ${i + 2}` },
    })),
  ];
  const asks: Ask[] = input.test
    ? [{ tool: 'test_connection', args: { source_id: SOURCE, config: configOf(type, input.test.config) } }]
    : [false, true].map((dry_run) => ({ tool: 'update_source', args: { ...patchOf(input.patch ?? {}), dry_run } }));
  // There are no tunnels yet; a patch of one is refused as what nobody knows.
  if (ssh !== undefined) return { by: 'nothing', reason: 'there are no SSH tunnels', before, asks };
  return calls(id === 'update-host-creds' ? asks.slice(0, 1) : asks, { before });
};

function patchOf({ config: own, authConfig, ...rest }: NonNullable<Update['patch']>): Record<string, unknown> {
  const named = Object.fromEntries(Object.entries(rest).map(([name, value]) => [ARGUMENTS[name] ?? name, value]));
  const given = { ...own, ...authConfig };
  return {
    source_id: SOURCE,
    run_test: false,
    ...named,
    ...(Object.keys(given).length > 0 ? { config: configOf('', given) } : {}),
    // Their empty object wipes the credentials; where they are no group of their own, `clear` does.
    ...(authConfig && Object.keys(authConfig).length === 0 ? { clear: ['/config/password'] } : {}),
  };
}

const name: MapOf<unknown> = ({ input }) => {
  const create = (text: unknown) => ({ connector: 'postgresql', config: pg('db.example.com'), name: text });
  if (typeof input === 'object' && input !== null && 'existing' in input) {
    const { existing, new: second } = input as { existing: string; new: string };
    return calls([saved(create(second))], { before: [saved(create(existing))] });
  }
  const renamed = { tool: 'update_source', args: { source_id: SOURCE, name: input, dry_run: true } };
  return calls([renamed, saved(create(input))], {
    before: [saved(create('Before'))],
  });
};

// ---------------------------------------------------------------------------------------- files, references, headers

const secretRef: MapOf<string> = ({ input }, { secrets }) => {
  const text = input.replace('/run/secrets', secrets);
  return calls([test('postgresql', pg('db.example.com', { password: text })), ...byAuth(text)], {
    settings: { HEADWATER_REFERENCE_DIRS: secrets },
  });
};
const byAuth = (text: string) => [
  test('rest_api', { url: 'https://api.example.com/', auth: { method: 'bearer', token: text } }),
  test('webhook', { url: 'https://api.example.com/', auth: { method: 'header', name: 'X-Key', value: text } }),
];

const filePath: MapOf<string> = ({ input }, { data }) =>
  calls([test('csv', { path: input.replace(/^\/data/, data) })], { settings: { HEADWATER_FILE_ROOTS: data } });

const header: MapOf<Record<string, string>> = ({ input, expect }) => {
  const url = 'https://api.example.com/';
  const [[first, value] = ['', '']] = Object.entries(input);
  const bodies = [
    test('rest_api', { url, headers: input }),
    test('webhook', { url, headers: input }),
    test('mcp', { base_url: url, headers: input }),
    test('csv', { url, headers: input }),
  ];
  // What carries a key is a header like any other.
  const key = test('rest_api', { url, auth: { method: 'header', name: first, value } });
  return calls(expect === 'allow' ? bodies : [...bodies, key]);
};

// -------------------------------------------------------------------------------------- what takes a server or a wire

interface Discovery {
  driver: string;
}
const DISCOVERING: Readonly<Record<string, string>> = {
  mongodb: 'test/unit/hostile/upstream.test.ts',
  'mongodb+srv': 'test/unit/hostile/upstream.test.ts',
  mysql: 'test/unit/hostile/upstream.test.ts',
  rest_api: 'test/unit/hostile/upstream.test.ts',
};

const discovery: MapOf<Discovery> = ({ input }) => {
  const file = DISCOVERING[input.driver];
  if (file !== undefined) return { by: 'test', file };
  const what = input.driver === 'ssh' ? 'SSH tunnels' : `a connector of ${input.driver}`;
  return { by: 'nothing', reason: `there is no such thing as ${what} yet` };
};

const KINDS: Readonly<Record<string, MapOf<never>>> = {
  host: (({ input }) =>
    calls(DATABASES.map((connector) => test(connector, { ...pg(input) })))) satisfies MapOf<unknown>,
  dns,
  url: (({ input }) => calls(byUrl(input))) satisfies MapOf<unknown>,
  connection_string: connectionString,
  config,
  update,
  name,
  secret_ref: secretRef,
  file_path: filePath,
  header,
  discovery,
  redirect: inFile('test/unit/probes/csv/urls.test.ts'),
  identifier: inFile('test/unit/hostile/streams.test.ts'),
  // There is no free SQL: statements are tried where a stream's name goes, and none is one.
  sql: (({ id }) =>
    id === 'sql-select'
      ? { by: 'nothing', reason: 'no tool takes SQL, not even to read' }
      : { by: 'test', file: 'test/unit/hostile/streams.test.ts' }) satisfies MapOf<unknown>,
  json: inFile('test/e2e/hostile-json.test.ts'),
  http: inFile('test/unit/transports/http-edge.test.ts'),
  authz: inFile('test/e2e/http-tenants.test.ts'),
  upstream: inFile('test/unit/hostile/upstream.test.ts'),
};
