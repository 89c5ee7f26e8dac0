import { strip } from '../../secrets/redact.ts';
import { isRecord } from './answers.ts';

type Json = Readonly<Record<string, unknown>>;

interface Task {
  id: string;
  state: string;
  error?: string;
}

const LONGEST = 500;

/** Kafka Connect's tasks of a source, with what became of each. */
export function tasksOf(value: Json): Task[] {
  const { tasks, task_statuses: statuses } = value;
  const known = isRecord(statuses) ? Object.entries(statuses) : [];
  const told = known.map(([id, status]) => taskOf(id, status));
  const bare = Array.isArray(tasks) ? tasks.map(String).filter((id) => !told.some((task) => task.id === id)) : [];
  return [...told, ...bare.map((id) => ({ id, state: 'UNKNOWN' }))];
}

function taskOf(id: string, status: unknown): Task {
  if (!isRecord(status)) return { id, state: typeof status === 'string' ? strip(status).slice(0, 40) : 'UNKNOWN' };
  const trace = status['trace'] ?? status['error'] ?? status['message'];
  const error = typeof trace === 'string' ? causeIn(trace) : undefined;
  const state = typeof status['state'] === 'string' ? strip(status['state']).slice(0, 40) : 'UNKNOWN';
  return { id, state, ...(error ? { error } : {}) };
}

/** Why a source is broken, as its tasks tell it. */
export function errorOf(value: Json): string {
  const failed = tasksOf(value).filter(({ state, error }) => state.toUpperCase() === 'FAILED' || error !== undefined);
  const [first] = failed;
  if (!first) return 'Streamkap says that the source is broken, and not why.';
  const others = failed.length > 1 ? ` (and ${failed.length - 1} more)` : '';
  return first.error === undefined
    ? `Task ${first.id} failed${others}; Streamkap does not say why.`
    : `Task ${first.id} failed${others}: ${first.error}`.slice(0, LONGEST);
}

/** The last cause that a Java trace names, without its classes' packages and frames. */
function causeIn(trace: string): string {
  const lines = trace.split(/\r?\n/).filter((line) => !/^\s*(at |\.\.\. \d+ more)/.test(line));
  const causes = lines.filter((line) => line.startsWith('Caused by: '));
  const line = causes.at(-1)?.slice('Caused by: '.length) ?? lines[0] ?? '';
  return strip(line)
    .replace(/\b(?:[a-z][\w$]*\.)+(?=[A-Z])/g, '')
    .trim()
    .slice(0, LONGEST);
}
