import { HeadwaterError } from '../errors.ts';
import type { Connector } from './define-connector.ts';
import { isSecret } from './fields.ts';
import { AUTH, fieldsByPath, isObject } from './paths.ts';

const LONGEST_MASK = 100;
/** Text that a mask left behind: sent back, it would overwrite the secret with its own picture. */
const MASK = /^(\*{3,}|•{3,}|x{6,}|<?redacted>?|<?hidden>?|<password>|\[your[-_]password\]|\[secret\])$/i;

export function isMask(text: string): boolean {
  return text.length <= LONGEST_MASK && MASK.test(text);
}

/** @throws HeadwaterError INVALID_CONFIG for a mask in the place of a secret, and for null anywhere */
export function refuseMasks(connector: Connector, input: Readonly<Record<string, unknown>>, base: string): void {
  const inner = isObject(input[AUTH]) ? Object.entries(input[AUTH]) : [];
  const known = fieldsByPath(connector);
  const fields = [
    ...Object.entries(input),
    ...inner.map(([name, value]): [string, unknown] => [`${AUTH}/${name}`, value]),
  ]
    .filter(([path, value]) => {
      const facts = known.get(path)?.facts;
      if (!facts || !isSecret(facts)) return value === null;
      return value === null || typeof value === 'object' || (typeof value === 'string' && isMask(value));
    })
    .map(([name, value]) => ({
      field: `${base}/${name}`,
      message:
        value === null
          ? 'is null; leave it out to keep it, or name it in `clear` to remove it'
          : 'is a mask, not a secret; leave it out to keep it, or give the real one',
    }));
  if (fields.length > 0) {
    throw new HeadwaterError('INVALID_CONFIG', 'A masked or null value was given.', { fields });
  }
}
