import type { Connector } from '../../connectors/define-connector.ts';
import { AUTH, isObject, NO_AUTH } from '../../connectors/paths.ts';
import { HeadwaterError } from '../../errors.ts';
import type { ApiRequest } from '../../net/api-client.ts';
import { PlannedSecret, Secret } from '../../secrets/secret.ts';
import { secretJson } from '../../secrets/secret-json.ts';
import type { VendorChange, VendorDraft } from '../remote/vendor.ts';

type Values = Readonly<Record<string, unknown>>;

/** Its alias `connectionConfig` is never sent: which of two wins, no page says. */
export const CONNECTORS_PATH = '/connectors';

export function createRequest(draft: VendorDraft): ApiRequest {
  const { name, connector, description, config, options } = draft;
  return {
    method: 'POST',
    path: CONNECTORS_PATH,
    body: {
      name,
      type: connector.vendorCode ?? connector.code,
      ...(description === undefined ? {} : { description }),
      config: { ...extraOf(options, connector), ...withoutAuth(config) },
      ...credentials(config[AUTH]),
    },
  };
}

/**
 * Only what changes: fields that are left out stay as they are there. Settings are sent whole, `others` (keys that the
 * catalog does not have) included, since no page says whether they are merged. Credentials: left out they are kept,
 * given they replace the whole set, and `{}` removes them.
 * @throws HeadwaterError CREDENTIALS_REQUIRED where only a part of the set is known
 */
export function updateRequest(id: string, change: VendorChange, connector: Connector, others: Values): ApiRequest {
  const { name, description, config, changedFields, options } = change;
  const extra = extraOf(options, connector);
  const isSettings = changedFields.some((field) => field !== AUTH) || Object.keys(extra).length > 0;
  const settings = { ...others, ...extra, ...(config ? withoutHeld(withoutAuth(config)) : {}) };
  return {
    method: 'PUT',
    path: CONNECTORS_PATH,
    body: {
      id,
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description: description ?? '' }),
      ...(isSettings ? { config: settings } : {}),
      ...(config && changedFields.includes(AUTH) ? changedCredentials(config[AUTH]) : {}),
    },
  };
}

function withoutAuth(config: Values): Values {
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== AUTH));
}

/** A secret that only the platform knows is in `others`, where it knows it. */
function withoutHeld(config: Values): Values {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => !isHeld(value)));
}

function isHeld(value: unknown): boolean {
  return isObject(value) && !(value instanceof Secret) && value['scheme'] === 'platform';
}

function credentials(auth: unknown): Values {
  if (!isObject(auth) || auth['method'] === NO_AUTH) return {};
  const { method, auth_method: named, credentials: keys, ...single } = auth;
  return { authMethod: method === 'other' ? named : method, authConfig: keys === undefined ? single : opened(keys) };
}

function changedCredentials(auth: unknown): Values {
  if (isObject(auth) && auth['method'] === NO_AUTH) return { authConfig: {} };
  const given = credentials(auth);
  if (!Object.values(isObject(auth) ? auth : {}).some(isHeld)) return given;
  throw new HeadwaterError('CREDENTIALS_REQUIRED', 'KaireonAI replaces all credentials at once, and shows none.', {
    hint: 'Give the whole set again: what is left out would be lost.',
    fields: [{ field: '/config/auth', message: 'must hold all credentials' }],
  });
}

/** @throws HeadwaterError INVALID_CONFIG where a reference held something else than a JSON object */
function opened(keys: unknown): unknown {
  if (!(keys instanceof Secret) || keys instanceof PlannedSecret) return keys;
  const value = secretJson(keys);
  if (isObject(value) && Object.keys(value).length > 0) return value;
  throw new HeadwaterError('INVALID_CONFIG', 'auth.credentials is not the text of a JSON object.', {
    hint: 'Give {"KEY": "VALUE", …}, with the keys that the form of KaireonAI has for this type.',
    fields: [{ field: '/config/auth/credentials', message: 'must be the text of a JSON object' }],
  });
}

/** @throws HeadwaterError INVALID_ARGUMENTS for a key that the config has */
function extraOf({ extra_config: extra }: Values, { fields }: Connector): Values {
  if (!isObject(extra)) return {};
  const known = Object.keys(extra).filter((key) => Object.hasOwn(fields, key) || REFUSED.has(key));
  if (known.length === 0) return extra;
  throw new HeadwaterError('INVALID_ARGUMENTS', 'extra_config is for what config does not have.', {
    fields: known.map((key) => ({
      field: `/options/extra_config/${key}`,
      message: REFUSED.has(key) ? 'belongs into config, under auth' : 'belongs into config',
    })),
  });
}

const REFUSED: ReadonlySet<string> = new Set(['auth', 'authMethod', 'authConfig']);
