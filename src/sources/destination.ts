import { createHash } from 'node:crypto';
import { type Config, destinationOf } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import { isDestination } from '../connectors/fields.ts';
import { fieldsByPath, isObject, valueAt, withValues } from '../connectors/paths.ts';
import { shownReference } from '../secrets/references.ts';
import type { AuditFacts } from './audit.ts';
import type { Source } from './source.ts';

type Destination = AuditFacts['destination_after'];

/** Longer ones, certificates, are told by their digest. */
const LONGEST = 300;

/** Where a config sends its secrets, as the audit trail keeps it. */
export function destinationFacts(connector: Connector, config: Config): Destination {
  const entries = Object.entries(destinationOf(connector, config));
  return Object.fromEntries(entries.map(([path, json]) => [path, short(json)]));
}

/** The same of a stored source. Opens no credentials: a source whose key is lost can still be deleted. */
export function storedDestination(connector: Connector, { config }: Source): Destination {
  const secrets: Record<string, Config['secrets'][string]> = {};
  const gone: [string, undefined][] = [];
  for (const [path, { facts }] of fieldsByPath(connector)) {
    const value = isDestination(facts) ? valueAt(config, path) : undefined;
    if (!isObject(value) || value['set'] !== true) continue;
    gone.push([path, undefined]);
    const reference = shownReference(String(value['from']));
    if (reference) secrets[path] = reference;
  }
  return destinationFacts(connector, { settings: withValues(config, gone), secrets });
}

function short(json: string): unknown {
  if (json.length <= LONGEST) return JSON.parse(json);
  return `sha256:${createHash('sha256').update(json).digest('hex')}`;
}
