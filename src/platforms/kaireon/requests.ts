import type { Connector } from '../../connectors/define-connector.ts';
import { AUTH, isObject, NO_AUTH } from '../../connectors/paths.ts';
import { HeadwaterError } from '../../errors.ts';
import type { ApiRequest } from '../../net/api-client.ts';
import { PlannedSecret, Secret } from '../../secrets/secret.ts';
import { secretJson } from '../../secrets/secret-json.ts';
import { secretsIn } from '../remote/in-clear.ts';
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
  refuseRedirected(extra, others, changedFields);
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

export function isHeld(value: unknown): boolean {
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

/** @throws HeadwaterError INVALID_ARGUMENTS for a key that the config has, and for secrets: all of it is shown there */
function extraOf({ extra_config: extra }: Values, { fields }: Connector): Values {
  if (!isObject(extra)) return {};
  const faults = Object.entries(extra).flatMap(([key, value]) => {
    const message = faultOf(key, value, fields);
    return message === undefined ? [] : [{ field: `/options/extra_config/${key}`, message }];
  });
  if (faults.length === 0) return extra;
  throw new HeadwaterError('INVALID_ARGUMENTS', 'extra_config is for what config does not have, and not for secrets.', {
    fields: faults,
  });
}

function faultOf(key: string, value: unknown, fields: Connector['fields']): string | undefined {
  if (REFUSED.has(key)) return 'belongs into config, under auth';
  if (Object.hasOwn(fields, key)) return 'belongs into config';
  if (key === 'connectionConfig') return 'is another name of config there: give what is in it by itself';
  const isOpen = secretsIn(key, value).length > 0;
  return isOpen ? 'holds a secret, which KaireonAI would show: it belongs into config, under auth' : undefined;
}

const REFUSED: ReadonlySet<string> = new Set(['auth', 'authMethod', 'authConfig']);

/** Words of names that say where a connection goes, or how it is protected. */
const WHERE =
  /(^|_)(host|hostname|port|server|address|addr|uri|url|endpoint|proxy|domain|dsn|connection_string|brokers?|tunnel|bastion|instance|ssl|tls|insecure|verify|certificate|cert|ca)s?(_|$)/;

/**
 * Settings that the catalog does not have may lead elsewhere as well.
 * @throws HeadwaterError CREDENTIALS_REQUIRED where stored credentials would go there
 */
function refuseRedirected(extra: Values, others: Values, changedFields: readonly string[]): void {
  if (changedFields.includes(AUTH)) return;
  const moved = Object.keys(extra).filter(
    (key) => WHERE.test(wordsOf(key)) && JSON.stringify(extra[key]) !== JSON.stringify(others[key]),
  );
  if (moved.length === 0) return;
  const names = moved.map((key) => key.slice(0, 60)).join(', ');
  throw new HeadwaterError(
    'CREDENTIALS_REQUIRED',
    `${names} may decide where credentials are sent. Stored credentials are not carried to another destination.`,
    {
      hint: 'Give auth again in the same call, the whole set, if the person means the new destination.',
      fields: [{ field: `/config/${AUTH}`, message: `is needed again, since ${names} changes` }],
    },
  );
}

function wordsOf(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_');
}
