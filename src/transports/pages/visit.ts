import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Jar } from './cookies.ts';

/** One request for a page, and what is known of whoever sends it. */
export interface Visitor {
  request: IncomingMessage;
  response: ServerResponse;
  nonce: string;
  jar: Jar;
  /** For where a provider sends people back to, which is no page of a link. */
  callbackJar: Jar;
  /** It came over a network, without encryption. */
  exposed: boolean;
  /** Where people see the pages, without their path. */
  origin: string;
}

/**
 * How a page is asked for. `person`: a browser's own navigation, on which it shows its cookies. `elsewhere`: the same
 * from a link on another site, where it keeps cookies back. `unknown`: perhaps a program that looks at links; it must
 * not become the one browser that a page belongs to.
 */
export type Visit = 'person' | 'elsewhere' | 'unknown';

export function visitOf({ headers }: IncomingMessage): Visit {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = headers;
  if (site === undefined || mode !== 'navigate' || dest !== 'document') return 'unknown';
  return site === 'same-origin' || site === 'none' ? 'person' : 'elsewhere';
}

/**
 * Whether a form comes from one of our own pages. Under `no-referrer`, browsers send `Origin: null` with a form; then
 * they must say themselves that it comes from here.
 */
export function isOwnForm({ headersDistinct }: IncomingMessage, publicOrigin: string | undefined): boolean {
  const { origin: origins = [], host = [], 'sec-fetch-site': sites = [] } = headersDistinct;
  if (origins.length > 1 || sites.length > 1) return false;
  const [origin = 'null'] = origins;
  const [site] = sites;
  if (origin === 'null') return site === 'same-origin';
  if (site !== undefined && site !== 'same-origin') return false;
  if (origin === publicOrigin) return true;
  return host.length === 1 && /^https?:\/\//.test(origin) && origin.replace(/^https?:\/\//, '') === host[0];
}
