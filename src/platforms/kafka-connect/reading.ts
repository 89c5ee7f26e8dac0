import { setTimeout as delay } from 'node:timers/promises';
import { isObject } from '../../connectors/paths.ts';
import { HeadwaterError } from '../../errors.ts';
import type { ApiAnswer } from '../../net/api-client.ts';
import type { VendorCall, VendorSource } from '../remote/vendor.ts';
import { refused } from './refusals.ts';
import { pathOf } from './requests.ts';
import { type Findings, sourceOf } from './source.ts';
import type { WorkerStatus } from './status.ts';
import { type Ask, NAME } from './worker.ts';
import type { WorkerConfig } from './worker-config.ts';

const SETTLE_MS = [100, 200, 300, 400, 500, 700, ...Array<number>(9).fill(1000)];

/** The config of a source connector as the worker has it; undefined where there is none of that name. */
export async function rawConfig(
  ask: Ask,
  id: string,
  { signal }: Pick<VendorCall, 'signal'>,
): Promise<WorkerConfig | undefined> {
  const answer = await ask({ method: 'GET', path: pathOf(id) }, { signal, repeats: true });
  if (answer.status === 404) return undefined;
  const info = read(answer, 'show it');
  return info['type'] === 'sink' ? undefined : textsIn(info['config']);
}

export async function get(ask: Ask, id: string, call: VendorCall): Promise<VendorSource | undefined> {
  const raw = await rawConfig(ask, id, call);
  return raw && sourceOf(id, raw, await findings(ask, id, call));
}

/** The source once it shows what was asked for, or as it is after some seconds. */
export async function seen(
  ask: Ask,
  id: string,
  call: VendorCall,
  isThere: (source: VendorSource) => boolean,
): Promise<VendorSource | undefined> {
  let last: VendorSource | undefined;
  for (const pause of SETTLE_MS) {
    last = (await get(ask, id, call)) ?? last;
    if (last && isThere(last)) break;
    await delay(pause, undefined, { signal: call.signal }).catch(() => {
      throw new HeadwaterError('CANCELLED', 'The call was cancelled.');
    });
  }
  return last;
}

/** Every source connector of the cluster, by name: the API has neither pages nor filters. */
export async function everything(ask: Ask, { signal }: VendorCall): Promise<VendorSource[]> {
  const query = { expand: ['info', 'status'] };
  const answer = await ask({ method: 'GET', path: '/connectors', query }, { signal, repeats: true });
  const found = Object.entries(read(answer, 'list its connectors')).flatMap(([name, entry]) => {
    const info = isObject(entry) && isObject(entry['info']) ? entry['info'] : undefined;
    if (!info || info['type'] === 'sink') return [];
    const status = isObject(entry) ? statusIn(entry['status']) : undefined;
    return [sourceOf(name, textsIn(info['config']), { ...(status ? { status } : {}) })];
  });
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Source plugins by class. */
export async function installedPlugins(ask: Ask, { signal }: Pick<VendorCall, 'signal'>): Promise<string[]> {
  const { status, json } = await ask({ method: 'GET', path: '/connector-plugins' }, { signal, repeats: true });
  if (status >= 400 || !Array.isArray(json)) return [];
  return json.flatMap((plugin) =>
    isObject(plugin) && plugin['type'] === 'source' && typeof plugin['class'] === 'string' ? [plugin['class']] : [],
  );
}

/** Confluent counts its own releases: 7.x is Kafka 3.x, 8.x is 4.x. */
export async function isAtLeast(ask: Ask, { signal }: VendorCall, major: number, minor: number): Promise<boolean> {
  const { json } = await ask({ method: 'GET', path: '/' }, { signal, repeats: true });
  const text = isObject(json) ? String(json['version'] ?? '') : '';
  const [, first = '0', second = '0'] = /^(\d+)\.(\d+)/.exec(text) ?? [];
  const own = /-c(cs|e)/.test(text) ? Number(first) - 4 : Number(first);
  return own > major || (own === major && Number(second) >= minor);
}

/** What else there is to know of one; each part by itself, for older workers have not all of them. */
export async function findings(ask: Ask, id: string, { signal }: VendorCall): Promise<Findings> {
  const part = (name: string) => ask({ method: 'GET', path: `${pathOf(id)}/${name}` }, { signal, repeats: true });
  const [status, topics, offsets] = await Promise.all([part('status'), part('topics'), part('offsets')]);
  const told = status.status < 400 ? statusIn(status.json) : undefined;
  const named = isObject(topics.json) && isObject(topics.json[id]) ? topics.json[id]['topics'] : undefined;
  const positions = offsets.status < 400 && isObject(offsets.json) ? offsets.json['offsets'] : undefined;
  return {
    ...(told ? { status: told } : {}),
    ...(Array.isArray(named) ? { topics: named.map(String).sort() } : {}),
    ...(Array.isArray(positions) ? { offsets: positions } : {}),
  };
}

function read(answer: ApiAnswer, did: string): Record<string, unknown> {
  if (answer.status >= 400) throw refused(answer, undefined, did);
  if (isObject(answer.json)) return answer.json;
  throw new HeadwaterError('PLATFORM_UNAVAILABLE', `${NAME} gave an answer that is none of its API.`, {
    hint: 'See whether KAFKA_CONNECT_URL leads to the REST API of a worker.',
  });
}

function statusIn(value: unknown): WorkerStatus | undefined {
  if (!isObject(value) || !isObject(value['connector'])) return undefined;
  const tasks = Array.isArray(value['tasks']) ? value['tasks'].filter(isObject) : [];
  return {
    connector: partIn(value['connector']),
    tasks: tasks.map((task) => ({ id: Number(task['id']), ...partIn(task) })),
  };
}

function partIn({ state, worker_id, trace }: Record<string, unknown>): WorkerStatus['connector'] {
  return {
    state: typeof state === 'string' ? state.toUpperCase() : 'UNKNOWN',
    ...(typeof worker_id === 'string' ? { worker_id } : {}),
    ...(typeof trace === 'string' ? { trace } : {}),
  };
}

function textsIn(value: unknown): WorkerConfig {
  const entries = isObject(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.flatMap(([key, each]) => (each == null ? [] : [[key, String(each)]])));
}
