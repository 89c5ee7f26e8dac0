import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { kafkaConnectFacts } from './kafka/facts.ts';
import { portOf } from './ports.ts';

/** A request as the worker got it. */
export interface WorkerRequest {
  method: string;
  path: string;
  authorization: string | undefined;
  body: unknown;
}

interface PlayedConnector {
  config: Record<string, string>;
  state: string;
  tasks: { state: string; trace?: string }[];
  trace?: string;
  topics: string[];
  offsets: unknown[];
  type: 'source' | 'sink';
  /** How many more looks at its status find none. */
  unseen: number;
}

/** What goes wrong, until it is set back. */
export interface WorkerFaults {
  /** The next so many changes meet a rebalance. */
  rebalances: number;
  /** The next so many requests meet a worker that still starts: 404, in HTML. */
  starting: number;
  /** The next so many changes are done, and the connection dropped before the answer. */
  dropAfter: number;
  /** A gateway in front answers the next so many requests. */
  badGateway: number;
  /** What validation finds, by setting. */
  errors: Record<string, string[]>;
  /** What is told with 500: a secret that the worker cannot read. */
  unreadable: string | undefined;
}

export interface KafkaConnectServer {
  url: string;
  requests: WorkerRequest[];
  connectors: Map<string, PlayedConnector>;
  faults: WorkerFaults;
  /** Puts a connector there as somebody else would have. */
  place(name: string, config: Record<string, string>, more?: Partial<PlayedConnector>): void;
  close(): Promise<void>;
}

export interface KafkaConnectServerOptions {
  /** What `GET /` says. From 3.5 on a connector can be stopped and has offsets; from 3.7 on it can begin asleep. */
  version?: string;
  login?: { username: string; password: string };
  /** Classes that are not installed, and settings that their plugins do not list. */
  without?: string[];
}

const WORKER = '10.0.0.7:8083';
const STATES: Readonly<Record<string, string>> = { pause: 'PAUSED', resume: 'RUNNING', stop: 'STOPPED' };

/** A worker of Kafka Connect as a client of its REST API sees it; its answers are those of a real 4.1. */
export async function startKafkaConnectServer(options: KafkaConnectServerOptions = {}): Promise<KafkaConnectServer> {
  const requests: WorkerRequest[] = [];
  const connectors = new Map<string, PlayedConnector>();
  const faults: WorkerFaults = {
    rebalances: 0,
    starting: 0,
    dropAfter: 0,
    badGateway: 0,
    errors: {},
    unreadable: undefined,
  };
  const { version = '4.1.1', without = [] } = options;
  const installed = Object.keys(FACTS).filter((name) => !without.includes(name));
  const played: Played = { connectors, faults, version, installed, without };
  const server = createServer(async (request, response) => {
    const seen = await read(request);
    requests.push(seen);
    const { status, body, type } = refusal(options, faults, seen) ?? answer(played, seen);
    if (faults.dropAfter > 0 && seen.method !== 'GET') {
      faults.dropAfter -= 1;
      response.destroy();
      return;
    }
    send(response, status, body, type);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    requests,
    connectors,
    faults,
    place: (name, config, more = {}) =>
      void connectors.set(name, { ...fresh({ ...config, name }), unseen: 0, ...more }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Reply {
  status: number;
  body?: unknown;
  type?: string;
}

const error = (status: number, message: string): Reply => ({ status, body: { error_code: status, message } });
const NO_SUCH_PATH = error(404, 'HTTP 404 Not Found');
const UNKNOWN_STATE = error(
  500,
  'Unrecognized field "initial_state" (class org.apache.kafka.connect.runtime.rest.entities.CreateConnectorRequest), not marked as ignorable (2 known properties: "config", "name"])',
);
const html = (status: number, title: string): Reply => ({
  status,
  type: 'text/html;charset=iso-8859-1',
  body: `<html><head><title>Error ${status} ${title}</title></head><body><h2>HTTP ERROR ${status} ${title}</h2></body></html>`,
});

/** What comes before a worker has understood anything. */
function refusal({ login }: KafkaConnectServerOptions, faults: WorkerFaults, seen: WorkerRequest): Reply | undefined {
  if (faults.badGateway > 0) {
    faults.badGateway -= 1;
    return html(502, 'Bad Gateway');
  }
  if (faults.starting > 0) {
    faults.starting -= 1;
    return html(404, 'Not Found');
  }
  if (login) {
    const pair = Buffer.from(`${login.username}:${login.password}`).toString('base64');
    if (seen.authorization !== `Basic ${pair}`) return error(401, 'User cannot access the resource.');
  }
  if (/%2f|%5c|%25|%3b/i.test(seen.path)) return html(400, 'Ambiguous URI path separator');
  if (faults.rebalances > 0 && seen.method !== 'GET' && !seen.path.endsWith('/validate')) {
    faults.rebalances -= 1;
    return faults.rebalances % 2 === 0
      ? error(
          409,
          'Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config change)',
        )
      : error(500, 'Request cannot be completed because a rebalance is expected');
  }
  return undefined;
}

/** Everything that the routes work with. */
interface Played {
  connectors: Map<string, PlayedConnector>;
  faults: WorkerFaults;
  version: string;
  installed: string[];
  without: readonly string[];
}

const FACTS = kafkaConnectFacts();

function isAtLeast({ version }: Played, minor: number): boolean {
  const [first = 0, second = 0] = version.split('.').map(Number);
  return first > 3 || (first === 3 && second >= minor);
}

function noClass({ installed }: Played, name: string): string {
  const list = installed.map((each) => `PluginDesc{klass=class ${each}, name='${each}'}`).join(', ');
  return `Failed to find any class that implements Connector and which name matches ${name}, available connectors are: ${list}`;
}

function errorsOf({ faults }: Played, config: Record<string, string>): Record<string, string[]> {
  const { settings = {} } = FACTS[config['connector.class'] ?? ''] ?? {};
  const missed = Object.keys(settings).filter((name) => settings[name]?.required && !config[name]);
  const said = missed.map((name): [string, string[]] => [
    name,
    [`The '${name}' value is invalid: A value is required`],
  ]);
  return { ...Object.fromEntries(said), ...faults.errors };
}

/** What is wrong with a config, as the framework says it of the whole. */
function invalid(played: Played, config: Record<string, string>): Reply | undefined {
  const { faults, installed } = played;
  const name = config['connector.class'];
  if (name === undefined) return error(400, `Connector config ${JSON.stringify(config)} contains no connector type`);
  if (!installed.includes(name)) return error(400, noClass(played, name));
  if (faults.unreadable !== undefined) return error(500, faults.unreadable);
  const found = Object.values(errorsOf(played, config)).flat();
  if (found.length === 0) return undefined;
  const head = `Connector configuration is invalid and contains the following ${found.length} error(s):`;
  const tail =
    'You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`';
  return error(400, [head, ...found, tail].join('\n'));
}

function answer(played: Played, { method, path, body }: WorkerRequest): Reply {
  const url = new URL(path, 'http://worker');
  const [room, encoded = '', part] = url.pathname.split('/').slice(1);
  const name = decodeURIComponent(encoded);
  const { version } = played;
  if (room === '') return { status: 200, body: { version, commit: 'c82fd9b934b4c1e6', kafka_cluster_id: 'played' } };
  if (room === 'connector-plugins') return plugins(played, name, body);
  if (room !== 'connectors') return NO_SUCH_PATH;
  if (encoded === '') return method === 'GET' ? listed(url, played.connectors) : post(played, body);
  if (method === 'PUT' && part === 'config') return put(played, name, body);
  const connector = played.connectors.get(name);
  if (!connector) return error(404, `Connector ${name} not found`);
  if (part === undefined && method === 'DELETE') {
    played.connectors.delete(name);
    return { status: 204 };
  }
  if (part === undefined) return { status: 200, body: infoOf(name, connector) };
  return method === 'GET' ? look(played, name, connector, part) : move(played, name, connector, part);
}

function plugins(played: Played, name: string, body: unknown): Reply {
  const { installed, faults } = played;
  if (name === '') {
    return {
      status: 200,
      body: installed.map((each) => ({ class: each, type: 'source', version: FACTS[each]?.version })),
    };
  }
  if (!installed.includes(name)) return error(500, `java.lang.RuntimeException: ${noClass(played, name)}`);
  if (faults.unreadable !== undefined) return error(500, faults.unreadable);
  const given = texts(body);
  return { status: 200, body: verdicts(name, listedSettings(played, name), given, errorsOf(played, given)) };
}

function listedSettings({ without }: Played, name: string): Record<string, { type: string }> {
  const all = Object.entries(FACTS[name]?.settings ?? {});
  return Object.fromEntries(all.filter(([setting]) => !without.includes(setting)));
}

function post(played: Played, body: unknown): Reply {
  const {
    name = '',
    initial_state: state,
    config,
  } = body as { name?: string; initial_state?: string; config?: object };
  if (state !== undefined && !isAtLeast(played, 7)) return UNKNOWN_STATE;
  if (played.connectors.has(name)) return error(409, `Connector ${name} already exists`);
  const own = { ...texts(config), name };
  const wrong = invalid(played, own);
  if (wrong) return wrong;
  played.connectors.set(name, { ...fresh(own), ...(state ? { state, tasks: [] } : {}) });
  return { status: 201, body: infoOf(name, played.connectors.get(name)) };
}

function put(played: Played, name: string, body: unknown): Reply {
  const before = played.connectors.get(name);
  const config = { ...texts(body), name };
  const wrong = invalid(played, texts(body));
  if (wrong) return wrong;
  played.connectors.set(name, before ? { ...before, config } : fresh(config));
  return { status: before ? 200 : 201, body: infoOf(name, played.connectors.get(name)) };
}

function look(played: Played, name: string, connector: PlayedConnector, part: string): Reply {
  if (part === 'topics') return { status: 200, body: { [name]: { topics: connector.topics } } };
  if (part === 'offsets' && isAtLeast(played, 5)) return { status: 200, body: { offsets: connector.offsets } };
  if (part !== 'status') return NO_SUCH_PATH;
  if (connector.unseen === 0) return { status: 200, body: statusOf(name, connector) };
  connector.unseen -= 1;
  return error(404, `No status found for connector ${name}`);
}

function move(played: Played, name: string, connector: PlayedConnector, part: string): Reply {
  if (part === 'restart') {
    if (connector.state !== 'STOPPED') connector.tasks = [{ state: 'RUNNING' }];
    return {
      status: 202,
      body: { ...statusOf(name, connector), connector: { state: 'RESTARTING', worker_id: WORKER } },
    };
  }
  const next = STATES[part];
  if (next === undefined || (part === 'stop' && !isAtLeast(played, 5))) return NO_SUCH_PATH;
  connector.state = next;
  connector.tasks = next === 'STOPPED' ? [] : [{ state: next }];
  return { status: part === 'stop' ? 204 : 202 };
}

function fresh(config: Record<string, string>): PlayedConnector {
  return {
    config,
    state: 'RUNNING',
    tasks: [{ state: 'RUNNING' }],
    topics: [],
    offsets: [],
    type: 'source',
    unseen: 1,
  };
}

function verdicts(
  name: string,
  settings: Record<string, { type: string }>,
  given: Record<string, string>,
  errors: Record<string, string[]>,
) {
  const configs = Object.entries(settings).map(([setting, { type }]) => ({
    definition: { name: setting, type },
    value: {
      name: setting,
      value: given[setting] ?? null,
      recommended_values: [],
      errors: errors[setting] ?? [],
      visible: true,
    },
  }));
  return { name, error_count: Object.keys(errors).length, groups: [], configs };
}

function infoOf(name: string, connector: PlayedConnector | undefined) {
  const tasks = (connector?.tasks ?? []).map((_, task) => ({ connector: name, task }));
  return { name, config: connector?.config ?? {}, tasks, type: connector?.type ?? 'source' };
}

function statusOf(name: string, { state, tasks, trace, type }: PlayedConnector) {
  return {
    name,
    connector: { state, worker_id: WORKER, ...(trace ? { trace } : {}) },
    tasks: tasks.map((task, id) => ({ id, worker_id: WORKER, ...task })),
    type,
  };
}

function listed(url: URL, connectors: Map<string, PlayedConnector>): Reply {
  const wanted = url.searchParams.getAll('expand');
  if (wanted.length === 0) return { status: 200, body: [...connectors.keys()] };
  const all = Object.fromEntries(
    [...connectors].map(([name, connector]) => [
      name,
      {
        ...(wanted.includes('info') ? { info: infoOf(name, connector) } : {}),
        ...(wanted.includes('status') ? { status: statusOf(name, connector) } : {}),
      },
    ]),
  );
  return { status: 200, body: all };
}

/** Jackson turns numbers and booleans into text. */
function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries((value ?? {}) as object).map(([key, each]) => [key, String(each)]));
}

async function read(request: IncomingMessage): Promise<WorkerRequest> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  const { method = '', url = '', headers } = request;
  return { method, path: url, authorization: headers.authorization, body: text === '' ? undefined : JSON.parse(text) };
}

function send(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  response.writeHead(status, { 'content-type': type }).end(typeof body === 'string' ? body : JSON.stringify(body));
}
