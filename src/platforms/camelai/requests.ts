import type { Connector } from '../../connectors/define-connector.ts';
import { isObject } from '../../connectors/paths.ts';
import { HeadwaterError } from '../../errors.ts';
import type { ApiRequest } from '../../net/api-client.ts';
import { PlannedSecret, Secret } from '../../secrets/secret.ts';
import { secretJson } from '../../secrets/secret-json.ts';
import type { VendorChange, VendorDraft, VendorSource } from '../remote/vendor.ts';

type Values = Readonly<Record<string, unknown>>;

/** Trailing slashes are part of its routes: without one it answers with a redirect, and a redirect loses the body. */
export const SOURCES_PATH = '/api/v1/sources/';
export const sourcePath = (id: string) => `${SOURCES_PATH}${encodeURIComponent(id)}/`;

/** What update-config takes, by its OpenAPI document of August 2025; `account_name` apart. */
const UPDATABLE: ReadonlySet<string> = new Set([
  'hostname',
  'port',
  'username',
  'password',
  'database_name',
  'connection_string',
  'service_account_key',
  'token',
  'host',
  'database',
  'account',
  'user',
  'public_key',
  'selected_schemas',
]);

/** @throws HeadwaterError UNSUPPORTED for a description, which it has no place for */
export function createRequest({ name, connector, config, description }: VendorDraft): ApiRequest {
  refuseDescription(description);
  return {
    method: 'POST',
    path: SOURCES_PATH,
    body: { type: connector.vendorCode ?? connector.code, account_name: name, ...wire(config) },
  };
}

/**
 * The name alone has a route of its own; config and name go together.
 * @throws HeadwaterError UNSUPPORTED for what cannot be changed there, before anything is sent
 */
export function updateRequests(
  { id }: Pick<VendorSource, 'id'>,
  { name, description, config, changedFields }: VendorChange,
  connector: Connector,
): ApiRequest[] {
  refuseDescription(description);
  const account = name === undefined ? {} : { account_name: name };
  const changed = config ? changedValues(config, changedFields, connector) : {};
  if (Object.keys(changed).length > 0) {
    return [{ method: 'PATCH', path: `${sourcePath(id)}update-config/`, body: { ...account, ...wire(changed) } }];
  }
  return name === undefined ? [] : [{ method: 'PATCH', path: sourcePath(id), body: account }];
}

/** Fields of the platform's own that a change is about: those that were named, and those made of others that were. */
function changedValues(config: Values, changedFields: readonly string[], connector: Connector): Values {
  const isVirtual = (field: string) => connector.fields[field]?.facts.virtual === true;
  const named = new Set(changedFields.filter((field) => !isVirtual(field)));
  const made = changedFields.some(isVirtual) ? madeOf(connector, config) : [];
  const fields = [...named, ...made];
  const fixed = fields.filter((field) => !UPDATABLE.has(field));
  // Without any schemas all are meant; of other fields nobody says how they are emptied.
  const emptied = fields.filter((field) => config[field] === undefined && field !== 'selected_schemas');
  if (fixed.length > 0) throw cannotChange(fixed, 'cannot be changed there');
  if (emptied.length > 0) throw cannotChange(emptied, 'cannot be removed there');
  return Object.fromEntries(fields.map((field) => [field, config[field] ?? []]));
}

/** What `compose` makes of virtual fields. Some have no trace there: they steer our own test. */
function madeOf({ compose }: Connector, config: Values): string[] {
  if (!compose) return [];
  return ['connection_string', 'file_urls'].filter((field) => config[field] !== undefined);
}

function cannotChange(fields: readonly string[], why: string): HeadwaterError {
  return new HeadwaterError('UNSUPPORTED', `camelAI takes no change of ${fields.join(', ')}.`, {
    hint: 'Create a source with the new values, then delete this one.',
    fields: fields.map((field) => ({ field: `/config/${field}`, message: why })),
  });
}

function refuseDescription(description: string | null | undefined): void {
  if (typeof description !== 'string') return;
  throw new HeadwaterError('UNSUPPORTED', 'A source of camelAI has no description.', {
    fields: [{ field: '/description', message: 'leave it out' }],
  });
}

/** A service account goes as the object that it is. */
function wire({ service_account_key: key, ...config }: Values): Values {
  if (key === undefined) return config;
  if (!(key instanceof Secret) || key instanceof PlannedSecret) return { ...config, service_account_key: key };
  const value = secretJson(key);
  if (isObject(value)) return { ...config, service_account_key: value };
  throw new HeadwaterError('INVALID_CONFIG', 'service_account_key is not the text of a JSON object.', {
    hint: 'Give the whole content of the key file, best as a reference to it.',
    fields: [{ field: '/config/service_account_key', message: 'must be the text of a JSON object' }],
  });
}
