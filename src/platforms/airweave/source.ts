import { isSecret } from '../../connectors/fields.ts';
import { AUTH } from '../../connectors/paths.ts';
import { namesSecret } from '../../connectors/secret-names.ts';
import type { ApiAnswer } from '../../net/api-client.ts';
import { Secret } from '../../secrets/secret.ts';
import type { Status } from '../../sources/source.ts';
import type { VendorSource } from '../remote/vendor.ts';
import { HELD } from './catalog/held.ts';
import { AIRWEAVE_CONNECTORS, rhythmOf } from './catalog/index.ts';
import type { Connection } from './connection.ts';
import { jobOf } from './job.ts';
import { todoOf } from './todo.ts';

/** What has a place of its own in a source. The rest of an answer goes to `details`. */
const PLACED: ReadonlySet<string> = new Set([
  'id',
  'name',
  'short_name',
  'readable_collection_id',
  'description',
  'status',
  'created_at',
  'modified_at',
  'auth',
  'config',
  'schedule',
  'error_category',
  'is_authenticated',
  'auth_method',
]);

/** `clean`: of the answer that it came in. */
export function sourceOf(connection: Connection, clean: ApiAnswer['clean']): VendorSource {
  const { id, name, short_name: code, auth, config, entities, schedule, description } = connection;
  const said = (value: string | null | undefined) => (value ? clean(value).slice(0, LONGEST) : undefined);
  const status = statusOf(connection);
  const job = lastJob(connection, clean);
  const isFailed = status === 'Broken' || status === 'NeedsAuth';
  const rows = numberIn(entities?.['total_entities']) ?? numberIn(connection.entity_count);
  const streams = streamsIn(entities?.['by_type'], clean);
  const settings = settingsOf(connection);
  const todo = todoOf(connection, status);
  return {
    id,
    name: clean(name),
    connector: code,
    desiredState: status === 'Paused' ? 'Paused' : 'Active',
    status,
    lastError: isFailed ? (said(connection.error_message) ?? job?.error ?? 'Airweave says no more of it.') : null,
    createdAt: timeIn(connection.created_at),
    updatedAt: timeIn(connection.modified_at),
    details: detailsOf(connection, clean),
    ...(config === undefined && connection.auth === undefined ? {} : { config: settings.config }),
    ...(settings.secretsSet ? { secretsSet: settings.secretsSet } : {}),
    ...given('description', said(description)),
    ...given('platformStatus', said(connection.status)?.toLowerCase()),
    ...given('auth', authOf(connection, clean)),
    ...given('error_category', said(connection.error_category)),
    ...given('last_sync_at', job?.completed_at),
    ...given('last_sync_row_count', rows),
    ...given('streams', streams.length > 0 ? streams : undefined),
    ...given('schedule', schedule ? (cleaned(withoutNulls(schedule), clean) as VendorSource['schedule']) : undefined),
    ...given('collection', said(connection.readable_collection_id)),
    ...given('todo', todo.length > 0 ? todo : undefined),
    ...(auth?.claim_token ? { keep: { claim_token: new Secret(auth.claim_token) } } : {}),
  };
}

const LONGEST = 300;

const STATUSES: Readonly<Record<string, Status>> = {
  active: 'Active',
  syncing: 'Active',
  pending_sync: 'Starting',
  pending_auth: 'Pending',
  needs_reauth: 'NeedsAuth',
  error: 'Broken',
  inactive: 'Paused',
};

function statusOf(connection: Connection): Status {
  const status = STATUSES[(connection.status ?? '').toLowerCase()] ?? 'Unknown';
  return status === 'Active' && awaitsVerification(connection) ? 'Pending' : status;
}

/** Somebody has signed in, and the first sync waits until whoever asked for the link proves it. */
export function awaitsVerification(connection: Connection): boolean {
  const { auth, sync, short_name: code } = connection;
  const isBrowser = ['oauth_browser', 'oauth_byoc'].includes(auth?.method ?? '');
  return isBrowser && auth?.authenticated === true && !sync?.['last_job'] && !rhythmOf(code).isFederated;
}

function lastJob({ sync }: Connection, clean: ApiAnswer['clean']) {
  return sync?.['last_job'] ? jobOf(sync['last_job'], clean) : undefined;
}

/** Settings as they are there; of the credentials nothing is, so what must be set is said to be held. */
function settingsOf({ short_name: code, config, auth, is_authenticated }: Connection) {
  const connector = AIRWEAVE_CONNECTORS.find((each) => each.code === code);
  const isHidden = (name: string) => {
    const field = connector?.fields[name];
    return field !== undefined && isSecret(field.facts);
  };
  const entries = Object.entries(config ?? {}).filter(([, value]) => value !== null && value !== undefined);
  const method = auth?.method ?? undefined;
  const ways = Object.entries((method && connector?.auth?.[method]) || {});
  const isSet = (auth?.authenticated ?? is_authenticated ?? false) || method === 'oauth_byoc';
  const required = ways.filter(([, field]) => !field.schema().isOptional());
  const held = required.filter(([, { facts }]) => !isSecret(facts)).map(([name]) => [name, HELD]);
  const provider = auth?.provider_readable_id ? { provider_readable_id: auth.provider_readable_id } : {};
  return {
    config: {
      ...Object.fromEntries(entries.filter(([name]) => !isHidden(name))),
      ...(method ? { [AUTH]: { method, ...Object.fromEntries(held), ...provider } } : {}),
    },
    secretsSet: method
      ? [
          ...entries.filter(([name]) => isHidden(name)).map(([name]) => name),
          ...required.filter(([, { facts }]) => isSet && isSecret(facts)).map(([name]) => `${AUTH}/${name}`),
        ]
      : undefined,
  };
}

function authOf({ auth, auth_method, is_authenticated }: Connection, clean: ApiAnswer['clean']): VendorSource['auth'] {
  if (!auth) {
    return auth_method ? { method: clean(auth_method), authenticated: is_authenticated ?? false } : undefined;
  }
  // The link is in `todo`, and the claim token is kept sealed.
  const { auth_url: _, claim_token: __, ...told } = auth;
  return cleaned(withoutNulls(told), clean) as VendorSource['auth'];
}

function streamsIn(byType: unknown, clean: ApiAnswer['clean']): unknown[] {
  if (typeof byType !== 'object' || byType === null) return [];
  return Object.entries(byType).map(([name, said]) => ({ name: clean(name), ...(cleaned(said, clean) as object) }));
}

function detailsOf(connection: Connection, clean: ApiAnswer['clean']): Record<string, unknown> {
  const rest = Object.entries(connection).filter(([name]) => !PLACED.has(name));
  const waits = awaitsVerification(connection)
    ? { awaiting: 'run_source with action verify begins the first sync' }
    : {};
  return { ...(cleaned(withoutNulls(Object.fromEntries(rest)), clean) as Record<string, unknown>), ...waits };
}

const DEEPEST = 6;

/** Text from outside, scrubbed and capped at every depth; what is named as a secret is not shown. */
function cleaned(value: unknown, clean: ApiAnswer['clean'], depth = 0): unknown {
  if (typeof value === 'string') return clean(value).slice(0, LONGEST);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEEPEST) return '…';
  if (Array.isArray(value)) return value.slice(0, 100).map((each) => cleaned(each, clean, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 100)
      .map(([name, each]) => [
        clean(name),
        typeof each === 'string' && namesSecret(name, each) ? '[secret]' : cleaned(each, clean, depth + 1),
      ]),
  );
}

function withoutNulls(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null && each !== undefined));
}

const given = <K extends string, V>(name: K, value: V | undefined | null) =>
  (value === undefined || value === null ? {} : { [name]: value }) as { [P in K]?: V };

const numberIn = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined);

function timeIn(value: string | null | undefined): string | null {
  return value && !Number.isNaN(Date.parse(value)) ? value : null;
}
