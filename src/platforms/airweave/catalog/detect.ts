import { AUTH, isObject } from '../../../connectors/paths.ts';
import type { VendorFields } from '../../../connectors/vendor/field.ts';
import type { Method, Ways } from './ways.ts';

type Given = Readonly<Record<string, unknown>>;

/** Airweave's own name of the group. */
const VENDORS_AUTH = 'authentication';
/** The first of these whose fields it can be is meant: Airweave takes bare tokens for OAuth's. */
const ORDER: readonly Method[] = ['oauth_token', 'auth_provider', 'oauth_byoc', 'direct', 'oauth_browser'];

/**
 * Airweave has no `method`: it tells the way to authenticate by which keys there are. Its form, and credentials that
 * stand beside the settings, become Headwater's. What fits no way is left as it is, to be refused by name.
 */
export function detectAuth(ways: Ways, settings: VendorFields): (given: Given, stored?: Given) => Given {
  const listed = Object.keys(settings).filter((name) => settings[name]?.type === 'strings');
  return (given, stored) => {
    const { [VENDORS_AUTH]: vendors, ...own } = withLists(given, listed);
    const auth = own[AUTH] ?? vendors ?? undefined;
    if (own[AUTH] !== undefined && vendors !== undefined) return given;
    if (auth !== undefined && !isObject(auth)) return given;
    const [inside, beside] = auth === undefined ? lifted(ways, settings, own) : [auth, own];
    const isEmpty = Object.keys(inside).length === 0;
    if (isEmpty && stored !== undefined) return { ...beside, ...(auth === undefined ? {} : { [AUTH]: inside }) };
    return { ...beside, ...withMethod(inside, ways, methodOf(stored)) };
  };
}

/** Text with commas where a list is meant, which Airweave takes as well. */
function withLists(given: Given, names: readonly string[]): Given {
  const texts = names.flatMap((name) => {
    const value = given[name];
    return typeof value === 'string' ? [[name, value.split(',').map((part) => part.trim())] as const] : [];
  });
  return { ...given, ...Object.fromEntries(texts.map(([name, parts]) => [name, parts.filter((part) => part !== '')])) };
}

function lifted(ways: Ways, settings: VendorFields, own: Given): [inside: Given, beside: Given] {
  const isInside = (name: string) => !(name in settings) && Object.values(ways).some((fields) => name in fields);
  const entries = Object.entries(own);
  return [
    Object.fromEntries(entries.filter(([name]) => isInside(name))),
    Object.fromEntries(entries.filter(([name]) => !isInside(name))),
  ];
}

function methodOf(stored: Given | undefined): string | undefined {
  const auth = stored?.[AUTH];
  return isObject(auth) && typeof auth['method'] === 'string' ? auth['method'] : undefined;
}

function withMethod(auth: Given, ways: Ways, stored: string | undefined): Given {
  if ('method' in auth) return { [AUTH]: auth };
  const { credentials, ...others } = auth;
  const isDirect = ways.direct && isObject(credentials) && Object.keys(others).length === 0;
  if (isDirect) return { [AUTH]: { ...credentials, method: 'direct' } };
  const names = Object.keys(auth);
  // A patch of what is there keeps its way.
  if (stored !== undefined && names.every((name) => name in (ways[stored as Method] ?? {}))) {
    return names.length > 0 ? { [AUTH]: auth } : {};
  }
  const method = ORDER.find((way) => fits(names, ways[way]));
  if (method) return { [AUTH]: { ...auth, method } };
  return names.length > 0 ? { [AUTH]: auth } : {};
}

function fits(names: readonly string[], fields: VendorFields | undefined): boolean {
  if (!fields) return false;
  const required = Object.keys(fields).filter((name) => fields[name]?.required);
  return names.every((name) => name in fields) && required.every((name) => names.includes(name));
}
