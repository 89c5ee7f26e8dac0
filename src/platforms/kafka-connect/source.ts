import { Secret } from '../../secrets/secret.ts';
import type { VendorSource } from '../remote/vendor.ts';
import { conditionOf, type WorkerStatus } from './status.ts';
import { connectorOf, fromWorker, type WorkerConfig } from './worker-config.ts';

/** What a worker tells of a connector beside its config. */
export interface Findings {
  status?: WorkerStatus;
  topics?: readonly string[];
  offsets?: readonly unknown[];
}

const MOST_OFFSETS = 20;
const MOST_TRACE = 4000;

/** A connector in Headwater's words. Secrets that the worker shows are taken out of all of it. */
export function sourceOf(name: string, raw: WorkerConfig, { status, topics, offsets }: Findings): VendorSource {
  const className = raw['connector.class'] ?? '';
  const connector = connectorOf(className);
  const { config, secrets, hidden, literals } = fromWorker(raw, connector);
  const clean = cleaner(literals);
  const { desired, status: own, said, error } = conditionOf(status);
  const traces = status ? tracesIn(status, clean) : [];
  const signal = snapshotSignal(raw);
  return {
    id: name,
    name,
    connector: connector?.vendorCode ?? className,
    config,
    secretsSet: Object.keys(secrets),
    secretsFrom: Object.fromEntries(
      Object.entries(secrets).flatMap(([path, target]) => (target === undefined ? [] : [[path, `worker:${target}`]])),
    ),
    desiredState: desired,
    status: own,
    platformStatus: said,
    lastError: error === null ? null : clean(error),
    ...(topics ? { topics } : {}),
    ...(status ? { tasks: status.tasks.map(({ trace: _, ...task }) => task) } : {}),
    details: {
      ...(status?.connector.worker_id ? { worker_id: status.connector.worker_id } : {}),
      ...(offsets ? { offsets: offsets.slice(0, MOST_OFFSETS) } : {}),
      ...(traces.length > 0 ? { traces } : {}),
      ...(hidden.length > 0 ? { hidden_settings: hidden } : {}),
      ...(signal === undefined ? {} : { snapshot_by_signal: signal }),
    },
    inClear: literals.map((literal) => new Secret(literal)),
    createdAt: null,
    updatedAt: null,
  };
}

function tracesIn({ connector, tasks }: WorkerStatus, clean: (text: string) => string) {
  const all = [
    { of: 'connector', trace: connector.trace },
    ...tasks.map(({ id, trace }) => ({ of: `task ${id}`, trace })),
  ];
  return all.flatMap(({ of, trace }) =>
    trace === undefined ? [] : [{ of, trace: clean(trace).slice(0, MOST_TRACE) }],
  );
}

/** The longest first: one may be part of another. A text of few signs stands everywhere. */
function cleaner(literals: readonly string[]): (text: string) => string {
  const known = [...new Set(literals)].filter((each) => each.length >= 4).sort((a, b) => b.length - a.length);
  return (text) => known.reduce((clean, literal) => clean.replaceAll(literal, '[secret]'), text);
}

/** The row that asks Debezium for a snapshot: Kafka Connect's API cannot write it. */
function snapshotSignal(raw: WorkerConfig): string | undefined {
  const table = raw['signal.data.collection'];
  if (table === undefined || raw['mongodb.connection.string'] !== undefined) return undefined;
  return `INSERT INTO ${table} (id, type, data) VALUES ('snapshot-1', 'execute-snapshot', '{"data-collections": ["schema.table"], "type": "incremental"}');`;
}
