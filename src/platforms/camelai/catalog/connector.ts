import type { ConfigFault, Connector } from '../../../connectors/define-connector.ts';
import { type VendorConnector, vendorConnector } from '../../../connectors/vendor/connector.ts';
import { asText, objectFaults } from '../../../connectors/vendor/json-secret.ts';

type Config = Readonly<Record<string, unknown>>;

type Row = Omit<VendorConnector, 'capabilities' | 'vendorCode'> &
  Partial<Pick<VendorConnector, 'capabilities'>> & { vendorCode: string };

const DOCS = 'https://camelai.com/docs/api-reference/sources/add-connection';

/**
 * A connection type of camelAI. Its `account_name` is the name of the source, and its `type` the vendor's code. Sources
 * of facts: its page "Add connection", and its OpenAPI document of August 2025 for limits and defaults.
 */
export function camelConnector({ aliases = [], prerequisites = [], rules, ...row }: Row): Connector {
  const named = row.vendorCode.toLowerCase();
  const json = Object.entries(row.fields).flatMap(([name, { type }]) => (type === 'json' ? [name] : []));
  return vendorConnector({
    capabilities: ['test'],
    docsUrl: DOCS,
    ...row,
    aliases: [...new Set([...aliases, ...(named === row.code ? [] : [named])])],
    // A probe that goes no further than to reach a server needs no credentials.
    ...(row.capabilities?.includes('discover') ? {} : { reach: row.probe }),
    normalise: (given) => asText(withoutType(given, named), json),
    rules: (config) => [...json.flatMap((name) => jsonFaults(config[name], name)), ...(rules?.(config) ?? [])],
    prerequisites: [...prerequisites, 'camelAI connects from its own network: it must be let in there.'],
  });
}

/** Its API has the type beside the config; said again it is no contradiction. */
function withoutType({ type, ...given }: Config, named: string): Config {
  return typeof type === 'string' && type.toLowerCase() !== named ? { ...given, type } : given;
}

function jsonFaults(value: unknown, path: string): ConfigFault[] {
  // A list of files has rules of its own.
  return path === 'signed_file_urls' ? [] : objectFaults(value, path);
}
