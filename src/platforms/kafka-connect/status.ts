import type { DesiredState, Status } from '../../sources/source.ts';
import { causeOf } from './trace.ts';

/** As `GET /connectors/{name}/status` has it. */
export interface WorkerStatus {
  connector: { state: string; worker_id?: string; trace?: string };
  tasks: readonly { id: number; state: string; worker_id?: string; trace?: string }[];
}

export interface Condition {
  desired: DesiredState;
  status: Status;
  /** In the worker's words. */
  said: string;
  /** The first cause of what failed; null where nothing did. */
  error: string | null;
}

const SAID: Readonly<Record<string, Status>> = {
  PAUSED: 'Paused',
  STOPPED: 'Stopped',
  UNASSIGNED: 'Unassigned',
  RESTARTING: 'Starting',
};
const WISHES: Readonly<Record<string, DesiredState>> = { PAUSED: 'Paused', STOPPED: 'Stopped' };

/** @param told undefined while the worker has none yet, which is so for a moment after a create */
export function conditionOf(told: WorkerStatus | undefined): Condition {
  if (!told) return { desired: 'Active', status: 'Starting', said: 'no status yet', error: null };
  const { connector, tasks } = told;
  const failed = [connector, ...tasks].filter(({ state }) => state === 'FAILED');
  const desired = WISHES[connector.state] ?? 'Active';
  const said = [connector.state, ...summary(tasks)].join(', ');
  const error = failed.map(({ trace }) => causeOf(trace ?? '')).find((cause) => cause !== '') ?? null;
  if (failed.length > 0 && desired !== 'Stopped')
    return { desired, status: 'Broken', said, error: error ?? 'A task failed; the worker says no more.' };
  return {
    desired,
    status: statusOf(
      connector.state,
      tasks.map(({ state }) => state),
    ),
    said,
    error: null,
  };
}

function statusOf(state: string, tasks: readonly string[]): Status {
  if (state !== 'RUNNING') return SAID[state] ?? 'Unknown';
  if (tasks.length > 0 && tasks.every((task) => task === 'RUNNING')) return 'Active';
  return tasks.length > 0 && tasks.every((task) => task === 'UNASSIGNED') ? 'Unassigned' : 'Starting';
}

function summary(tasks: WorkerStatus['tasks']): string[] {
  if (tasks.length === 0) return ['no tasks'];
  const states = [...new Set(tasks.map(({ state }) => state))];
  return states.map((state) => `${tasks.filter((task) => task.state === state).length} task(s) ${state}`);
}
