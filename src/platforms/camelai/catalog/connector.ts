import type { Connector } from '../../../connectors/define-connector.ts';
import { type VendorConnector, vendorConnector } from '../../../connectors/vendor/connector.ts';

type Row = Omit<VendorConnector, 'capabilities' | 'vendorCode'> &
  Partial<Pick<VendorConnector, 'capabilities'>> & { vendorCode: string };

const DOCS = 'https://camelai.com/docs/api-reference/sources/add-connection';

/**
 * A connection type of camelAI. Its `account_name` is the name of the source, and its `type` the vendor's code. Sources
 * of facts: its page "Add connection", and its OpenAPI document of August 2025 for limits and defaults.
 */
export function camelConnector({ aliases = [], prerequisites = [], ...row }: Row): Connector {
  const named = row.vendorCode.toLowerCase();
  return vendorConnector({
    capabilities: ['test'],
    docsUrl: DOCS,
    ...row,
    aliases: [...new Set([...aliases, ...(named === row.code ? [] : [named])])],
    prerequisites: [...prerequisites, 'camelAI connects from its own network: it must be let in there.'],
  });
}
