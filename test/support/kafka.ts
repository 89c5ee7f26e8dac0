import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findJava, findKafka } from './kafka/install.ts';
import { freePort } from './ports.ts';
import { temporaryFolder } from './temp.ts';
import { reachable, serverTmpdir, unprivileged } from './unprivileged.ts';
import { startWatchdog } from './watchdog.ts';

export interface KafkaConnectOptions {
  /** Settings of the worker beside or instead of those below. */
  worker?: Record<string, string>;
}

/** A broker and one worker of Kafka Connect in distributed mode. */
export interface TestKafkaConnect {
  /** Of the worker's REST API. */
  url: string;
  bootstrapServers: string;
  /** A folder that the worker can read: for secrets and files. */
  folder: string;
  /** Writes a file there that the worker can read. */
  write(name: string, text: string): Promise<string>;
  /** One request to the REST API. */
  rest(path: string, method?: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  /** The first records of a topic as text, once there are so many. */
  records(topic: string, count: number): Promise<string[]>;
  log(): string;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5_000;
const JVM = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData'];
const LOCAL = '127.0.0.1';

/** Starts both on free ports of 127.0.0.1, as an ordinary user even where we are root. Takes some seconds. */
export async function startKafkaConnect(options: KafkaConnectOptions = {}): Promise<TestKafkaConnect> {
  const folder = await temporaryFolder('kafka', serverTmpdir());
  const running: Running[] = [];
  const stop = async () => {
    for (const each of running.reverse()) await each.end();
    await folder.remove();
  };
  try {
    const jars = await programs(folder.path);
    const [broker, controller, rest] = [await freePort(), await freePort(), await freePort()];
    const bootstrapServers = `${LOCAL}:${broker}`;
    const write = async (name: string, text: string) => {
      const path = join(folder.path, name);
      await writeFile(path, text, { mode: 0o600 });
      await give(path);
      return path;
    };
    const data = join(folder.path, 'data');
    await mkdir(data);
    for (const path of [folder.path, data]) await give(path);
    const brokerFile = await write('broker.properties', properties(brokerSettings(broker, controller, data)));
    const workerFile = await write(
      'worker.properties',
      properties({ ...workerSettings(bootstrapServers, rest, join(jars, 'plugins')), ...options.worker }),
    );
    const java = (heap: string, ...args: string[]) => run(folder.path, ['-cp', `${jars}/worker/*`, heap, ...args]);
    const format = java('-Xmx128m', 'kafka.tools.StorageTool', 'format', '-t', CLUSTER, '-c', brokerFile);
    if ((await format.ended) !== 0) throw new Error(`the broker's folder cannot be made: ${format.output()}`);
    running.push(java('-Xmx256m', 'kafka.Kafka', brokerFile));
    running.push(java('-Xmx512m', 'org.apache.kafka.connect.cli.ConnectDistributed', workerFile));
    const url = `http://${LOCAL}:${rest}`;
    const log = () => running.map(({ output }) => output()).join('\n');
    await untilItAnswers(`${url}/connectors`, running, log);
    return {
      url,
      bootstrapServers,
      folder: folder.path,
      write,
      log,
      stop,
      rest: (path, method = 'GET', body) => ask(url + path, method, body),
      async records(topic, count) {
        const limits = ['--from-beginning', '--max-messages', String(count), '--timeout-ms', '30000'];
        const where = ['--bootstrap-server', bootstrapServers, '--topic', topic];
        const consumer = java('-Xmx128m', 'org.apache.kafka.tools.consumer.ConsoleConsumer', ...where, ...limits);
        await consumer.ended;
        return consumer
          .output()
          .split('\n')
          .filter((line) => /^[{"]/.test(line));
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const CLUSTER = 'AAAAAAAAAAAAAAAAAAAAAQ';

function brokerSettings(port: number, controller: number, data: string): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${LOCAL}:${controller}`,
    listeners: `PLAINTEXT://${LOCAL}:${port},CONTROLLER://${LOCAL}:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': data,
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
  };
}

function workerSettings(bootstrapServers: string, port: number, plugins: string): Record<string, string> {
  const topics = ['config', 'offset', 'status'].map((name) => [`${name}.storage.topic`, `connect-${name}`] as const);
  const replicas = ['config', 'offset', 'status'].map((name) => [`${name}.storage.replication.factor`, '1'] as const);
  const converters = ['key', 'value'].flatMap(
    (name) =>
      [
        [`${name}.converter`, 'org.apache.kafka.connect.json.JsonConverter'],
        [`${name}.converter.schemas.enable`, 'false'],
      ] as const,
  );
  return {
    'bootstrap.servers': bootstrapServers,
    'group.id': 'headwater-tests',
    listeners: `http://${LOCAL}:${port}`,
    ...Object.fromEntries([...topics, ...replicas, ...converters]),
    'offset.storage.partitions': '1',
    'status.storage.partitions': '1',
    'offset.flush.interval.ms': '500',
    'plugin.path': plugins,
    'plugin.discovery': 'service_load',
    'config.providers': 'file',
    'config.providers.file.class': 'org.apache.kafka.common.config.provider.FileConfigProvider',
  };
}

function properties(settings: Record<string, string>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** Where the servers' user can read them, plugins in a folder of their own. */
async function programs(folder: string): Promise<string> {
  const installed = findKafka();
  if (installed === undefined) throw new Error('Kafka is not installed: npm run test:services');
  const home = join(folder, 'programs');
  await mkdir(join(home, 'plugins'), { recursive: true });
  const isOpen = reachable(installed);
  for (const [part, place] of [
    ['worker', 'worker'],
    ['debezium', 'plugins/debezium'],
    ['file', 'plugins/file'],
  ] as const) {
    if (isOpen) await symlink(join(installed, part), join(home, place));
    else await cp(join(installed, part), join(home, place), { recursive: true });
  }
  return home;
}

async function give(path: string): Promise<void> {
  if (unprivileged) await chown(path, unprivileged.uid, unprivileged.gid);
}

interface Running {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number | null>;
  end: () => Promise<void>;
}

function run(folder: string, args: readonly string[]): Running {
  const child = spawn(findJava() ?? 'java', [...JVM, ...args], {
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...unprivileged,
  });
  // Its folder is everybody's here: whoever is ended last removes it.
  const watchdog = startWatchdog(join(folder, 'gone'));
  if (child.pid !== undefined) watchdog.guard(child.pid);
  let text = '';
  const collect = (chunk: string) => {
    text = (text + chunk).slice(-256 * 1024);
  };
  child.on('error', (error) => collect(error.message));
  child.stdout.setEncoding('utf8').on('data', collect);
  child.stderr.setEncoding('utf8').on('data', collect);
  const ended = once(child, 'close').then(([code]) => {
    watchdog.dismiss();
    return code as number | null;
  });
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await ended;
    clearTimeout(force);
  };
  return { child, output: () => text, ended, end };
}

async function untilItAnswers(url: string, running: readonly Running[], log: () => string): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    // A worker that starts answers 404 at first.
    const { status } = await ask(url).catch(() => ({ status: 0 }));
    if (status === 200) return;
    if (Date.now() > deadline || running.some(({ child }) => child.exitCode !== null)) {
      throw new Error(`Kafka Connect did not start: ${log()}`);
    }
    await sleep(100);
  }
}

async function ask(url: string, method = 'GET', body?: unknown): Promise<{ status: number; body: unknown }> {
  const json =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const answer = await fetch(url, { method, ...json });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text };
}
