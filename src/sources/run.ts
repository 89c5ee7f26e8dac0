import { HeadwaterError, type NextCall } from '../errors.ts';
import { RUN_ACTIONS, type RunAction, type RunResult, reasonOf } from './platform.ts';
import { type Call, offer, platformOfSource, type Services, storedSource } from './services.ts';

export interface RunSourceRequest {
  source_id: string;
  action: RunAction;
  streams?: readonly string[];
  wait_s?: number;
}

export interface RunSourceAnswer extends RunResult {
  next: NextCall[];
}

const WAIT_S = 20;

/**
 * Begins what a source does on its platform, or ends it.
 * @throws HeadwaterError UNSUPPORTED with the platform's reason, SOURCE_NOT_FOUND, PLATFORM_…
 */
export async function runSource(services: Services, request: RunSourceRequest, call: Call): Promise<RunSourceAnswer> {
  const { source_id, action, streams, wait_s = WAIT_S } = request;
  const platform = platformOfSource(services, source_id);
  const run = platform.actions[action];
  if (typeof run === 'string') {
    const able = RUN_ACTIONS.filter((other) => reasonOf(platform, other) === true);
    throw new HeadwaterError('UNSUPPORTED', `${platform.name} cannot ${action}. ${run}`, {
      hint: able.length > 0 ? `It can: ${able.join(', ')}.` : 'It has no actions at all.',
      fields: [{ field: '/action', message: 'is not possible on this platform' }],
    });
  }
  const stored = await storedSource(services, source_id, call);
  const result = await run(
    call,
    stored,
    { action, waitS: wait_s, ...(streams === undefined ? {} : { streams }) },
    call.trail.take(),
  );
  const settled = result.source.status === 'Active';
  return {
    ...result,
    next: settled
      ? []
      : offer(services, {
          tool: 'get_source',
          arguments: { source_id, wait_for: 'Active', wait_s: 50 },
          why: 'See how it goes on.',
        }),
  };
}
