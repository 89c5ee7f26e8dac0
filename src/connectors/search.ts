import { HeadwaterError } from '../errors.ts';
import { editDistance } from '../nearest.ts';
import type { Capability, Category, Connector } from './define-connector.ts';

export interface ConnectorQuery {
  query?: string | undefined;
  category?: Category | undefined;
  capability?: Capability | undefined;
}

/** Connectors that match, best first; all of them in catalog order where there is no query. */
export function searchConnectors(
  connectors: readonly Connector[],
  { query, category, capability }: ConnectorQuery,
): Connector[] {
  const candidates = connectors.filter(
    (connector) =>
      (category === undefined || connector.category === category) &&
      (capability === undefined || connector.capabilities.includes(capability)),
  );
  const wanted = query === undefined ? '' : squash(query);
  if (wanted === '') return candidates;
  const scored = candidates.map((connector) => ({ connector, score: scoreOf(connector, wanted) }));
  // A guess at a misspelling is worth something only while nothing is spelt that way.
  const least = scored.some(({ score }) => score > SCORES.typo) ? SCORES.typo + 1 : SCORES.typo;
  return scored
    .filter(({ score }) => score >= least)
    .sort((a, b) => b.score - a.score || (a.connector.code < b.connector.code ? -1 : 1))
    .map(({ connector }) => connector);
}

/**
 * The connector of a code, name or alias, however it is spelt.
 * @throws HeadwaterError CONNECTOR_NOT_FOUND with did-you-mean
 */
export function findConnector(connectors: readonly Connector[], text: string): Connector {
  const wanted = squash(text);
  // A platform's own word for a connector is what is meant there, whatever else goes by that name.
  const found =
    connectors.find(({ vendorCode }) => vendorCode === text) ??
    connectors.find(({ code }) => code === text) ??
    connectors.find((connector) => namesOf(connector).includes(wanted));
  if (found) return found;
  const [closest] = searchConnectors(connectors, { query: text });
  throw new HeadwaterError('CONNECTOR_NOT_FOUND', `There is no connector ${JSON.stringify(text.slice(0, 60))}.`, {
    hint: closest ? `Did you mean ${closest.code} (${closest.name})?` : 'list_connectors shows which there are.',
    fields: [{ field: '/connector', message: closest ? `did you mean ${closest.code}?` : 'is not a known connector' }],
    next: [{ tool: 'list_connectors', arguments: {}, why: 'See which connectors there are.' }],
  });
}

/** All that finds it by name, spelt in one way. */
export function namesOf({ code, vendorCode = code, name, aliases }: Connector): string[] {
  return [code, vendorCode, name, ...aliases].map(squash);
}

const SCORES = { exact: 100, prefix: 60, keyword: 50, keywordPrefix: 35, inside: 30, typo: 20 } as const;

function scoreOf(connector: Connector, wanted: string): number {
  const names = namesOf(connector);
  const keywords = connector.keywords.map(squash);
  if (names.includes(wanted)) return SCORES.exact;
  if (names.some((name) => name.startsWith(wanted))) return SCORES.prefix;
  if (keywords.includes(wanted)) return SCORES.keyword;
  if (keywords.some((keyword) => keyword.startsWith(wanted))) return SCORES.keywordPrefix;
  if (wanted.length >= 3 && names.some((name) => name.includes(wanted) || wanted.includes(name))) return SCORES.inside;
  const tolerance = wanted.length >= 7 ? 2 : wanted.length >= 4 ? 1 : 0;
  const misspelt =
    tolerance > 0 && [...names, ...keywords].some((name) => editDistance(wanted, name, tolerance + 1) <= tolerance);
  return misspelt ? SCORES.typo : 0;
}

/** Lower case, letters and digits only: "Postgre SQL" and "postgre-sql" are one word. */
function squash(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');
}
