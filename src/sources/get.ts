import { setTimeout } from 'node:timers/promises';
import { HeadwaterError } from '../errors.ts';
import { type Call, type Services, storedSource } from './services.ts';
import type { Source, Status } from './source.ts';

const LOOK_EVERY_MS = 250;

export interface GetRequest {
  source_id: string;
  wait_for?: Status;
  wait_s?: number;
}

/**
 * The source as it is, or as soon as it has the status waited for; after `wait_s` seconds as it is then.
 * @throws HeadwaterError SOURCE_NOT_FOUND, CANCELLED
 */
export async function getSource(
  services: Services,
  { source_id, wait_for, wait_s = 30 }: GetRequest,
  call: Call,
): Promise<Source> {
  const until = performance.now() + wait_s * 1000;
  for (;;) {
    const { source } = await storedSource(services, source_id, call);
    if (wait_for === undefined || source.status === wait_for || performance.now() >= until) return source;
    await setTimeout(LOOK_EVERY_MS, undefined, { signal: call.signal }).catch(() => {
      throw new HeadwaterError('CANCELLED', 'Waiting was cancelled.');
    });
  }
}
