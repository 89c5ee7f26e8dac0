import { HeadwaterError } from '../../errors.ts';
import type { ApiRequest } from '../../net/api-client.ts';
import { PlannedSecret } from '../../secrets/secret.ts';
import type { VendorChange, VendorDraft, VendorSource } from '../remote/vendor.ts';
import { actionRequest } from './actions.ts';

type Json = Readonly<Record<string, unknown>>;

/** What Streamkap is sent. Never waited for on the wire: statuses are followed instead, as Streamkap's own client does. */
const UNWAITED = { wait: false };

export const pathOf = (id: string) => `/sources/${encodeURIComponent(id)}`;

/** @throws HeadwaterError UNSUPPORTED, INVALID_CONFIG for what Streamkap would lose or refuse */
export function createRequest(draft: VendorDraft, tags: readonly string[]): ApiRequest {
  refuseDescription(draft.description);
  refuseWithoutGrant(draft);
  const { kc_cluster_id } = draft.options;
  return {
    method: 'POST',
    path: '/sources',
    query: UNWAITED,
    body: {
      name: draft.name,
      connector: draft.connector.vendorCode ?? draft.connector.code,
      config: draft.config,
      created_from: 'api',
      desired_state: draft.desiredState,
      ...(kc_cluster_id === undefined ? {} : { kc_cluster_id }),
      ...(tags.length > 0 ? { tags } : {}),
    },
  };
}

/** A source as it is to be from now on: its config is replaced as a whole. */
export function putRequest(
  before: VendorSource,
  change: VendorChange,
  config: Json,
  tags?: readonly string[],
): ApiRequest {
  const cluster = change.options['kc_cluster_id'] ?? before.details?.['kc_cluster_id'];
  return {
    method: 'PUT',
    path: pathOf(before.id),
    query: UNWAITED,
    body: {
      name: change.name ?? before.name,
      connector: before.connector,
      config,
      ...(tags === undefined ? {} : { tags }),
      ...(cluster === undefined ? {} : { kc_cluster_id: cluster }),
      ...(change.desiredState === 'Stopped' ? { desired_state: 'Stopped' } : {}),
    },
  };
}

/** Which requests a change takes: a replacement, and a step from one state to another. */
export function stepsOf(before: VendorSource, change: VendorChange): { put: boolean; step?: ApiRequest } {
  refuseDescription(change.description ?? undefined);
  const put =
    change.name !== undefined ||
    change.config !== undefined ||
    change.tags !== undefined ||
    change.options['kc_cluster_id'] !== undefined;
  const step = stepTo(before, change);
  return { put, ...(step ? { step } : {}) };
}

function stepTo({ id, desiredState: from, status }: VendorSource, { desiredState: to }: VendorChange) {
  if (to === undefined || (to === from && (to !== 'Active' || status !== 'Paused'))) return undefined;
  if (to === 'Pending') {
    throw new HeadwaterError('UNSUPPORTED', 'A source that is there does not become a draft at Streamkap again.', {
      hint: 'Paused and Stopped are what there is for it.',
      fields: [{ field: '/desired_state', message: 'cannot become Pending' }],
    });
  }
  if (to === 'Paused') return actionRequest(id, 'pause');
  if (to === 'Stopped') return actionRequest(id, 'stop');
  return from === 'Pending' ? { method: 'POST' as const, path: `${pathOf(id)}/deploy` } : actionRequest(id, 'resume');
}

/** What a plan shows of secrets that only Streamkap knows. */
export function planConfig(before: VendorSource, change: VendorChange): Json {
  if (change.config) return change.config;
  const secrets = (before.secretsSet ?? []).map((name) => [name, new PlannedSecret('${platform}')] as const);
  return { ...before.config, ...Object.fromEntries(secrets) };
}

function refuseDescription(description: string | undefined): void {
  if (description === undefined || description === '') return;
  throw new HeadwaterError('UNSUPPORTED', 'Streamkap keeps no description of a source.', {
    hint: 'Leave it out; a tag or the name can say what the source is for.',
    fields: [{ field: '/description', message: 'is not kept by Streamkap' }],
  });
}

/** Zendesk can be signed in to in the browser alone. */
function refuseWithoutGrant({ connector, config }: VendorDraft): void {
  const field = 'oauth_grant_id';
  const isOnlyWay = connector.fields[field] && !connector.fields['auth_mode'];
  if (!isOnlyWay || config[field] !== undefined) return;
  throw new HeadwaterError('INVALID_CONFIG', `${connector.name} is signed in to in the browser, at Streamkap.`, {
    fields: [{ field: `/config/${field}`, message: 'is required to create the source' }],
    hint: 'A person begins the sign-in at Streamkap; the grant that comes of it is good once, for about 10 minutes.',
  });
}
