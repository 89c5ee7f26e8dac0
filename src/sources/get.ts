import { setTimeout } from 'node:timers/promises';
import { HeadwaterError } from '../errors.ts';
import { type Call, platformOfSource, type Services } from './services.ts';
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
  { principal, signal }: Call,
): Promise<Source> {
  const { sources } = platformOfSource(services, source_id);
  const until = performance.now() + wait_s * 1000;
  for (;;) {
    const { source } = await sources.get(principal, source_id);
    if (wait_for === undefined || source.status === wait_for || performance.now() >= until) return source;
    await setTimeout(LOOK_EVERY_MS, undefined, { signal }).catch(() => {
      throw new HeadwaterError('CANCELLED', 'Waiting was cancelled.');
    });
  }
}
