import type { ConfigFault } from '../define-connector.ts';
import { KEPT } from '../fields.ts';
import { isMask } from '../masks.ts';
import { isObject } from '../paths.ts';

/** Secrets that are JSON: the key of a service account, a set of credentials. They are kept as its text. */

type Given = Readonly<Record<string, unknown>>;

/** Fields that were given as the object or list they are, as its text. */
export function asText(given: Given, fields: readonly string[]): Given {
  const objects = fields.filter((field) => typeof given[field] === 'object' && given[field] !== null);
  if (objects.length === 0) return given;
  return { ...given, ...Object.fromEntries(objects.map((field) => [field, JSON.stringify(given[field])])) };
}

/** What is wrong with such a secret where it stands there as it is; what is behind a reference shows when it is sent. */
export function objectFaults(value: unknown, path: string): ConfigFault[] {
  if (typeof value !== 'string' || value === KEPT || value.startsWith('${')) return [];
  const object = parsed(value);
  if (!isObject(object) || Object.keys(object).length === 0)
    return [{ path, message: 'must be the text of a JSON object' }];
  const masked = Object.keys(object).find((key) => typeof object[key] === 'string' && isMask(object[key]));
  if (masked === undefined) return [];
  return [{ path, message: `holds a mask in ${masked.slice(0, 60)}, not a secret; give the whole set` }];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
