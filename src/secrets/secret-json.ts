import { Secret } from './secret.ts';

/**
 * One secret that is JSON text, as what it says, every text inside it a secret again: the key of a service account, a
 * set of credentials. Undefined where it is no JSON.
 */
export function secretJson(secret: Secret): unknown {
  try {
    return closed(JSON.parse(secret.reveal()));
  } catch {
    return undefined;
  }
}

function closed(value: unknown): unknown {
  if (typeof value === 'string') return new Secret(value);
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, closed(inner)]));
}
