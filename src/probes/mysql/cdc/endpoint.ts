import { StepFailure } from '../../problems/index.ts';
import { providerOf } from '../../providers/index.ts';
import type { Session } from '../session.ts';

/** Where a check has failed at a door that nobody can capture through, the door is at fault. @throws StepFailure */
export function refuseEndpoint({ facts }: Session): void {
  const { host, port, username } = facts;
  const closed = providerOf({ engine: 'mysql', host, port, username })?.noReplication;
  if (closed) throw new StepFailure('CDC_ENDPOINT', { ...facts, what: closed.because, fix: closed.instead });
}
