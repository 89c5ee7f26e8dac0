import type { Connector } from '../../../connectors/define-connector.ts';
import { BUSINESS } from './business.ts';
import { DOCUMENTS } from './documents.ts';
import { KNOWLEDGE } from './knowledge.ts';
import { type AirweaveSource, airweaveConnector } from './source.ts';
import { WORK } from './work.ts';

const SOURCES: Readonly<Record<string, AirweaveSource>> = { ...WORK, ...BUSINESS, ...KNOWLEDGE, ...DOCUMENTS };

/** Airweave's public sources, in the order of their codes. */
export const AIRWEAVE_CONNECTORS: readonly Connector[] = Object.keys(SOURCES)
  .sort()
  .map((code) => airweaveConnector(code, SOURCES[code] as AirweaveSource));

/** What a schedule must know of a source. */
export function rhythmOf(code: string): { isFederated: boolean; isContinuous: boolean } {
  const { isFederated = false, isContinuous = false } = SOURCES[code] ?? {};
  return { isFederated, isContinuous };
}
