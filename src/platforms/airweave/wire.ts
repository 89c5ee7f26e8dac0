import type { Connector } from '../../connectors/define-connector.ts';
import { AUTH, isObject } from '../../connectors/paths.ts';
import { type FieldProblem, HeadwaterError } from '../../errors.ts';
import type { ApiRequest } from '../../net/api-client.ts';
import { Secret } from '../../secrets/secret.ts';
import type { VendorChange, VendorDraft, VendorSource } from '../remote/vendor.ts';
import { HELD } from './catalog/held.ts';
import { rhythmOf } from './catalog/index.ts';
import { neverSynced, scheduleFor, scheduleWarnings } from './schedule.ts';

type Values = Readonly<Record<string, unknown>>;

const NAME = { least: 4, most: 42 };
const LONGEST_DESCRIPTION = 255;

export const connectionPath = (id: string, rest = '') => `/source-connections/${encodeURIComponent(id)}${rest}`;

/**
 * What a create is sent, into a collection that is there by then (facts: airweave.md §3).
 * @throws HeadwaterError INVALID_ARGUMENTS, UNSUPPORTED for what Airweave would refuse
 */
export function createRequest(draft: VendorDraft, collection: string): ApiRequest {
  const { connector, config, options, description, name } = draft;
  refuseTexts(name, description);
  const { [AUTH]: auth, ...settings } = config;
  const { isFederated } = rhythmOf(connector.code);
  return {
    method: 'POST',
    path: '/source-connections',
    body: {
      short_name: connector.code,
      readable_collection_id: collection,
      name,
      ...(description === undefined ? {} : { description }),
      ...(Object.keys(settings).length > 0 ? { config: settings } : {}),
      ...(isFederated ? liveOnly(draft) : timing(draft)),
      authentication: authenticationOf(auth),
      ...(options['redirect_url'] === undefined ? {} : { redirect_url: options['redirect_url'] }),
    },
  };
}

/** Airweave fails on a sync of what it searches live, its own default one included. */
function liveOnly({ connector, schedule, syncImmediately }: VendorDraft): Values {
  if (syncImmediately) throw neverSynced();
  if (schedule) scheduleFor(connector.code, schedule);
  return { schedule: { cron: null }, sync_immediately: false };
}

function timing({ connector, config, schedule, syncImmediately }: VendorDraft): Values {
  if (syncImmediately && isBrowser(config)) {
    const message = 'cannot be true: the first sync waits until somebody has signed in';
    throw new HeadwaterError('INVALID_ARGUMENTS', 'Nothing can be synced before somebody has signed in.', {
      fields: [{ field: '/sync_immediately', message }],
      hint: 'Leave it out; run_source with action verify begins the first sync.',
    });
  }
  return {
    ...(schedule === undefined ? {} : { schedule: scheduleFor(connector.code, schedule) }),
    ...(syncImmediately === undefined ? {} : { sync_immediately: syncImmediately }),
  };
}

export function methodOf(config: Values | undefined): string | undefined {
  const auth = config?.[AUTH];
  return isObject(auth) && typeof auth['method'] === 'string' ? auth['method'] : undefined;
}

export function isBrowser(config: Values | undefined): boolean {
  return ['oauth_browser', 'oauth_byoc'].includes(methodOf(config) ?? '');
}

/** Airweave's own form: it tells the way by its keys, and refuses a `type` among them. */
function authenticationOf(auth: unknown): Values {
  const { method, ...given } = isObject(auth) ? auth : {};
  return method === 'direct' ? { credentials: given } : given;
}

/** What Airweave takes and does not do. */
export function createWarnings({ config, schedule }: VendorDraft): string[] {
  const auth = config[AUTH];
  const isDropped = methodOf(config) === 'oauth_token' && isObject(auth) && auth['refresh_token'] !== undefined;
  const lost = 'Airweave does not keep the refresh token: once the access token ends, it needs a new one.';
  return [...(isDropped ? [lost] : []), ...scheduleWarnings(schedule)];
}

/**
 * What an update is sent; nothing where nothing of it is Airweave's. `config` goes as a whole: what is not in it is gone.
 * @throws HeadwaterError INVALID_ARGUMENTS, INVALID_CONFIG, UNSUPPORTED for what Airweave would refuse
 */
export function updateRequest(
  before: VendorSource,
  { name, description, config, changedFields, schedule, options }: VendorChange,
  { code }: Connector,
): ApiRequest | undefined {
  refuseTexts(name, description ?? undefined);
  refuseMoves(before, options);
  const { [AUTH]: auth, ...settings } = config ?? {};
  const body = {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(changedFields.some((field) => field !== AUTH) ? { config: settings } : {}),
    ...(schedule === undefined ? {} : { schedule: schedule && scheduleFor(code, schedule) }),
    ...(changedFields.includes(AUTH) ? { authentication: newCredentials(before, auth) } : {}),
  };
  if (Object.keys(body).length === 0) return undefined;
  return { method: 'PATCH', path: connectionPath(before.id), body };
}

function refuseTexts(name: string | undefined, description: string | undefined): void {
  const fields: FieldProblem[] = [];
  const length = name === undefined ? NAME.least : [...name].length;
  if (length < NAME.least || length > NAME.most) {
    fields.push({ field: '/name', message: `must have ${NAME.least} to ${NAME.most} characters; it has ${length}` });
  }
  if (description !== undefined && [...description].length > LONGEST_DESCRIPTION) {
    fields.push({ field: '/description', message: `must have at most ${LONGEST_DESCRIPTION} characters` });
  }
  if (fields.length > 0) throw new HeadwaterError('INVALID_ARGUMENTS', 'Airweave would not take this.', { fields });
}

function refuseMoves({ collection }: VendorSource, options: Values): void {
  const moved = Object.keys(options).filter((name) => name !== 'collection' || options[name] !== collection);
  if (moved.length === 0) return;
  throw new HeadwaterError('UNSUPPORTED', 'Airweave moves no source to another collection or address.', {
    fields: moved.map((name) => ({ field: `/options/${name}`, message: 'can be set as the source is created, only' })),
    hint: 'Create a source anew where it should be, then delete this one.',
  });
}

/** Airweave takes new credentials in one form and as a whole. */
function newCredentials(before: VendorSource, auth: unknown): Values {
  const given: Values = isObject(auth) ? auth : {};
  const was = methodOf(before.config);
  if (given['method'] !== 'direct' || was !== 'direct') {
    const again = was !== 'direct' && was !== 'auth_provider';
    throw new HeadwaterError('UNSUPPORTED', 'Airweave replaces only credentials that are given directly.', {
      fields: [
        { field: '/config/auth', message: `cannot be replaced: the source signs in by ${was ?? 'another way'}` },
      ],
      hint: again
        ? 'run_source with action reauthenticate gives a fresh link to sign in with; or create the source anew.'
        : 'Mend the account at the auth provider; or create the source anew.',
    });
  }
  const { method: _, ...credentials } = given;
  const missing = Object.keys(credentials).filter((name) => isHeld(credentials[name]));
  if (missing.length > 0) {
    throw new HeadwaterError('CREDENTIALS_REQUIRED', 'Airweave takes new credentials as a whole, and gives none out.', {
      fields: missing.map((name) => ({ field: `/config/auth/${name}`, message: 'is needed as well' })),
      hint: 'Give all credentials of the source in the same call.',
    });
  }
  return { credentials };
}

/** Airweave's alone to know. */
export function isHeld(value: unknown): boolean {
  return value === HELD || (isObject(value) && !(value instanceof Secret) && value['scheme'] === 'platform');
}
