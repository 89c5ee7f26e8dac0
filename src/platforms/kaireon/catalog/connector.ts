import type { ConfigFault, Connector } from '../../../connectors/define-connector.ts';
import { KEPT } from '../../../connectors/fields.ts';
import { isObject } from '../../../connectors/paths.ts';
import { type VendorConnector, vendorConnector } from '../../../connectors/vendor/connector.ts';
import { KEYS } from './ways.ts';

type Row = Omit<VendorConnector, 'capabilities'> & Partial<Pick<VendorConnector, 'capabilities'>>;

const DOCS = 'https://docs.kaireonai.com/api-reference/connectors';

/** A connector of KaireonAI by its published id. Sources of facts: its connectors page, its data page. */
export function kaireonConnector({ rules, prerequisites = [], ...row }: Row): Connector {
  return vendorConnector({
    auth: KEYS,
    capabilities: ['test'],
    docsUrl: DOCS,
    ...row,
    prerequisites: [...prerequisites, ...BOTH],
    rules: (config) => [...loginFaults(config), ...(rules?.(config) ?? [])],
  });
}

const BOTH = [
  'KaireonAI connects from its own network: its addresses must be let in. It refuses private ones.',
  'What is in config, all who may read connectors there can read; credentials go into auth.',
];

/** New credentials replace the whole set there, so a password alone would lose the user. */
function loginFaults({ auth }: Readonly<Record<string, unknown>>): ConfigFault[] {
  if (!isObject(auth) || auth['method'] !== 'access_key') return [];
  const { username, password } = auth;
  if (password === undefined || password === KEPT || username !== undefined) return [];
  return [
    { path: 'auth/username', message: 'is required with a password: KaireonAI replaces all credentials at once' },
  ];
}
