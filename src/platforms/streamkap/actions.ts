import { HeadwaterError } from '../../errors.ts';
import type { ApiClient } from '../../net/api-client.ts';
import type { RunRequest } from '../../sources/platform.ts';
import type { Vendor, VendorCall, VendorRun, VendorSource } from '../remote/vendor.ts';
import { writeOnce } from './answers.ts';

const MOST_NAMED = 20;

/** Of these, what is known of `stop` is only that there is one for several sources at once. */
type Action = 'pause' | 'resume' | 'restart' | 'stop';

/** What `run_source` can do here. */
export function streamkapActions(client: Pick<ApiClient, 'send'>): Vendor['actions'] {
  const snapshot =
    (path: string, body: Readonly<Record<string, unknown>>, status: string) =>
    async (source: VendorSource, request: RunRequest, call: VendorCall): Promise<VendorRun> => {
      const topics = request.streams && topicsOf(source, request.streams);
      const whole = { source_id: source.id, ...(topics ? { topic_names: topics } : {}), ...body };
      await writeOnce(client, { method: 'POST', path, body: whole }, call);
      return { run: { status } };
    };
  return {
    restart: async (source, { streams }, call) => {
      if (streams?.length) {
        throw new HeadwaterError('UNSUPPORTED', 'Streamkap restarts a source as a whole.', {
          fields: [{ field: '/streams', message: 'does not go with restart' }],
        });
      }
      await act(client, source.id, 'restart', call);
      return { run: { status: 'requested' } };
    },
    snapshot: snapshot('/sources/snapshot', { snapshot_type: 'incremental' }, 'requested'),
    cancel: snapshot('/sources/cancel_snapshot', {}, 'cancelled'),
  };
}

export async function act(
  client: Pick<ApiClient, 'send'>,
  id: string,
  action: Action,
  call: VendorCall,
): Promise<void> {
  await writeOnce(client, actionRequest(id, action), call);
}

export function actionRequest(id: string, action: Action) {
  return { method: 'POST' as const, path: `/sources/${encodeURIComponent(id)}/actions/${action}` };
}

/** Topics are called `source_ID.SCHEMA.TABLE`; streams `SCHEMA.TABLE`. */
function topicsOf({ id, topics = [] }: VendorSource, streams: readonly string[]): string[] {
  if (topics.length === 0)
    return streams.map((stream) => (stream.startsWith(`source_${id}.`) ? stream : `source_${id}.${stream}`));
  const found = streams.map((stream) => topics.find((topic) => topic === stream || topic.endsWith(`.${stream}`)));
  const missing = streams.filter((_, at) => found[at] === undefined);
  if (missing.length === 0) return found.filter((topic) => topic !== undefined);
  throw new HeadwaterError('STREAM_NOT_FOUND', `The source has no topic for ${missing.join(', ').slice(0, 200)}.`, {
    hint: `It has: ${topics.slice(0, MOST_NAMED).join(', ')}.`,
    fields: missing.map((stream) => ({ field: `/streams/${streams.indexOf(stream)}`, message: 'has no topic' })),
  });
}
