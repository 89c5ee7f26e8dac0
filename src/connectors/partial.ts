import { HeadwaterError } from '../errors.ts';
import { fieldProblems } from '../issues.ts';
import { BASE, inOwnForm } from './config.ts';
import type { Connector } from './define-connector.ts';
import { isSecret } from './fields.ts';
import { AUTH, fieldsByPath, isObject } from './paths.ts';
import { knownKeys } from './portable.ts';

/**
 * What an unfinished config says, without its secrets: each field that is given is checked, none is asked for.
 * @throws HeadwaterError INVALID_CONFIG
 */
export function partialSettings(
  connector: Connector,
  input: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const own = inOwnForm(connector, input);
  const auth = own[AUTH];
  const open = Object.entries(own).filter(([name]) => name !== AUTH && !isSecretField(connector, name));
  const result = connector.schema().partial().safeParse(Object.fromEntries(open));
  if (!result.success) {
    throw new HeadwaterError('INVALID_CONFIG', `The config does not fit the ${connector.name} connector.`, {
      fields: fieldProblems(result.error, { base: BASE, known: knownKeys(connector) }),
    });
  }
  // Defaults are the whole config's to say.
  const given = new Set(open.map(([name]) => name));
  const said = Object.entries(result.data).filter(([name]) => given.has(name));
  return { ...Object.fromEntries(said), ...(isObject(auth) ? partialAuth(connector, auth) : {}) };
}

/** The method, and what is no secret of it. */
function partialAuth(connector: Connector, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { method, ...rest } = given;
  const ways = connector.auth ?? {};
  if (typeof method !== 'string') return {};
  const fields = Object.hasOwn(ways, method) ? ways[method] : undefined;
  const auth: Record<string, unknown> = { method };
  for (const [name, value] of Object.entries(rest)) {
    const field = fields && Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!field || isSecret(field.facts)) continue;
    const result = field.schema().safeParse(value);
    if (!result.success) {
      throw new HeadwaterError('INVALID_CONFIG', `The config does not fit the ${connector.name} connector.`, {
        fields: fieldProblems(result.error, { base: `${BASE}/${AUTH}/${name}`, known: {} }),
      });
    }
    auth[name] = result.data;
  }
  return { [AUTH]: auth };
}

function isSecretField(connector: Connector, name: string): boolean {
  const facts = fieldsByPath(connector).get(name)?.facts;
  return facts !== undefined && isSecret(facts);
}
