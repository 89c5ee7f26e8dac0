import type { Connector } from '../../connectors/define-connector.ts';
import { HeadwaterError } from '../../errors.ts';
import type { ApiAnswer, ApiClient, ApiRequest } from '../../net/api-client.ts';
import { notFound } from '../failures.ts';
import type { VendorCall, VendorChange, VendorSource } from '../remote/vendor.ts';
import { isGone, refusal, refusalOfName, write, writeOnce } from './answers.ts';
import { putRequest, stepsOf } from './requests.ts';
import { tagIds } from './tags.ts';
import { wholeConfig } from './whole-config.ts';

type Client = Pick<ApiClient, 'send'>;

/** What a server says to a path, or to a word in it, that it does not know. */
const UNKNOWN: ReadonlySet<number> = new Set([400, 404, 405, 422]);

/**
 * Changes a source: its replacement first, then the step to another state. @returns nothing; whoever asks looks again
 * @throws HeadwaterError CREDENTIALS_REQUIRED, NAME_TAKEN, SOURCE_NOT_FOUND, UNSUPPORTED, PLATFORM_…
 */
export async function changeSource(
  client: Client,
  before: VendorSource,
  change: VendorChange,
  connector: Connector,
  call: VendorCall,
): Promise<void> {
  const { put, step } = stepsOf(before, change);
  const explained =
    (otherwise: (answer: ApiAnswer) => HeadwaterError) =>
    (answer: ApiAnswer): HeadwaterError =>
      isGone(answer) ? notFound(`streamkap:${before.id}`) : otherwise(answer);
  const replace = async () => {
    const config = await wholeConfig(client, before, change, connector, call);
    const tags = change.tags && (await tagIds(client, change.tags, call));
    const request = putRequest(before, change, config, tags);
    await write(client, request, call, explained(refusalOfName(change.name ?? before.name)));
  };
  if (put) await replace();
  if (!step) return;
  if (change.desiredState !== 'Stopped') await writeOnce(client, step, call, explained(refusal));
  else if (!(await isStopped(client, step, call)) && !put) await replace();
}

/** There is an action for pausing and resuming; whether there is one for stopping only trying tells. */
async function isStopped(client: Client, step: ApiRequest, { signal }: VendorCall): Promise<boolean> {
  const answer = await client.send(step, { signal, repeats: true });
  if (answer.status < 300) return true;
  if (UNKNOWN.has(answer.status)) return false;
  throw refusal(answer);
}

export function refuseUnstopped({ desiredState }: VendorChange, after: VendorSource): void {
  if (desiredState !== 'Stopped' || after.desiredState === 'Stopped' || after.status === 'Stopped') return;
  throw new HeadwaterError('UNSUPPORTED', 'Streamkap did not take the stop: its API has no known call for it.', {
    hint: 'Pause the source in its place (desired_state Paused), or stop it at Streamkap.',
    fields: [{ field: '/desired_state', message: 'stayed what it was' }],
  });
}
