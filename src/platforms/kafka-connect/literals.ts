import type { Connector } from '../../connectors/define-connector.ts';
import { isSecret } from '../../connectors/fields.ts';
import { Secret } from '../../secrets/secret.ts';

/** Secrets that would stand in the worker's config as they are. */
export function literalsIn({ fields }: Connector, values: Readonly<Record<string, unknown>>): string[] {
  const isOpen = (name: string) => values[name] instanceof Secret;
  return Object.entries(fields).flatMap(([name, { facts }]) => (isSecret(facts) && isOpen(name) ? [name] : []));
}

export function literalWarning(names: readonly string[]): string {
  return `${names.join(' and ')}: everybody who can read the REST API of the workers or their config topic can read this value there. Put it where a worker reads it itself, and give \${worker:provider:path:key}.`;
}
