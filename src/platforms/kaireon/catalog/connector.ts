import type { ConfigFault, Connector } from '../../../connectors/define-connector.ts';
import { KEPT } from '../../../connectors/fields.ts';
import { AUTH, isObject } from '../../../connectors/paths.ts';
import { type VendorConnector, vendorConnector } from '../../../connectors/vendor/connector.ts';
import { asText, objectFaults } from '../../../connectors/vendor/json-secret.ts';
import { KEYS } from './ways.ts';

type Row = Omit<VendorConnector, 'capabilities'> & Partial<Pick<VendorConnector, 'capabilities'>>;
type Config = Readonly<Record<string, unknown>>;
type Ways = NonNullable<VendorConnector['auth']>;

const DOCS = 'https://docs.kaireonai.com/api-reference/connectors';

/** A connector of KaireonAI by its published id. Sources of facts: its connectors page, its data page. */
export function kaireonConnector({ rules, auth = KEYS, prerequisites = [], ...row }: Row): Connector {
  return vendorConnector({
    capabilities: ['test'],
    docsUrl: DOCS,
    ...row,
    auth,
    prerequisites: [...prerequisites, ...BOTH],
    // A probe that goes no further than to reach a server needs no credentials.
    ...(row.capabilities?.includes('discover') ? {} : { reach: row.probe }),
    normalise: (given) => withAuth(auth, given),
    rules: (config) => [...loginFaults(config), ...(rules?.(config) ?? [])],
  });
}

const BOTH = [
  'KaireonAI connects from its own network: its addresses must be let in. It refuses private ones.',
  'What is in config, all who may read connectors there can read; credentials go into auth.',
];

/** `authMethod` and `authConfig`, as its API calls them, become `auth`; credentials given as an object become its text. */
function withAuth(ways: Ways, { authMethod, authConfig, ...given }: Config): Config {
  const { [AUTH]: auth, ...rest } = given;
  const asGiven = isObject(auth) ? { ...rest, [AUTH]: asText(auth, ['credentials']) } : given;
  if (authMethod === undefined && authConfig === undefined) return asGiven;
  // Said twice, or in no form that can be read: it is refused under its own name.
  const isReadable = auth === undefined && isObject(authConfig) && ['string', 'undefined'].includes(typeof authMethod);
  if (!isReadable) return { ...asGiven, ...(authMethod === undefined ? {} : { authMethod }), authConfig };
  return { ...rest, [AUTH]: authOf(ways, String(authMethod ?? 'access_key'), authConfig) };
}

function authOf(ways: Ways, method: string, authConfig: Config): Config {
  // An empty one wipes, as it does there.
  if (Object.keys(authConfig).length === 0) return {};
  const fields = Object.keys(ways[method] ?? {});
  if (fields.length > 0 && Object.keys(authConfig).every((key) => fields.includes(key)))
    return { method, ...authConfig };
  const credentials = JSON.stringify(authConfig);
  return fields.includes('credentials')
    ? { method, credentials }
    : { method: 'other', auth_method: method, credentials };
}

/** New credentials replace the whole set there, so a password alone would lose the user. */
function loginFaults({ auth }: Config): ConfigFault[] {
  if (!isObject(auth)) return [];
  const { method, username, password, credentials } = auth;
  const isAlone = method === 'access_key' && password !== undefined && password !== KEPT && username === undefined;
  const message = 'is required with a password: KaireonAI replaces all credentials at once';
  return [...objectFaults(credentials, 'auth/credentials'), ...(isAlone ? [{ path: 'auth/username', message }] : [])];
}
