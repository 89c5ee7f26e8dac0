import { HeadwaterError } from '../errors.ts';
import { parseReference } from './references.ts';
import { Secret } from './secret.ts';

/**
 * How a connection string becomes typed fields. Strings are programs (they can name files, sockets and hosts), so
 * none ever reaches a driver: what is not listed here is refused.
 */
export interface ConnectionStringRules {
  schemes: readonly string[];
  /** Query parameter → config field and how its text is read. */
  parameters: Readonly<Record<string, { field: string; read?: (text: string) => unknown }>>;
  /** Harmless parameters that Headwater has no use for. */
  ignored: readonly string[];
  /** Parameters that people do give, each with what is said to them: `reads files`. */
  refused?: Readonly<Record<string, string>>;
  /** The field for the hosts behind the first, where there may be several; each stays as it was written. */
  furtherHosts?: string;
  /** The last word on what was found: what only several parts together say. `scheme` in lower case. */
  finish?: (found: Readonly<Record<string, unknown>>, scheme: string) => Record<string, unknown>;
  /** Strings of another form than a URL: `Server=…;Database=…`. */
  otherForm?: OtherForm;
}

export interface OtherForm {
  fits: (text: string) => boolean;
  /** @throws ConnectionStringFault, never quoting the string */
  parse: (text: string) => Record<string, unknown>;
  /** What such a string looks like. */
  example: string;
}

/** Why a string of another form cannot be used. */
export class ConnectionStringFault extends Error {}

const LONGEST = 8192;
// An `@` may stand nowhere but before the host: elsewhere it means that part of a password is taken for something else.
const SHAPE = /^([a-z][a-z0-9+.-]*):\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^@/?#]*))?(?:\?([^@#]*))?$/i;
const ADDRESS = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/;
const USERINFO_REFERENCE = /^([^:]*):(\$\{[a-z]+:.*\})$/;

/**
 * Takes a connection string apart into config fields (`host`, `port`, `username`, `password`, `database`, and what
 * its parameters map to). @throws HeadwaterError INVALID_CONFIG, never quoting the string.
 */
export function parseConnectionString(source: string | Secret, rules: ConnectionStringRules): Record<string, unknown> {
  const text = source instanceof Secret ? source.reveal() : source;
  if (text.length > LONGEST) throw refused(rules, `it is longer than ${LONGEST} characters`);
  return rules.otherForm?.fits(text) ? otherwise(text, rules.otherForm, rules) : fromUrl(text, rules);
}

function otherwise(text: string, form: OtherForm, rules: ConnectionStringRules): Record<string, unknown> {
  try {
    return form.parse(text);
  } catch (error) {
    if (!(error instanceof ConnectionStringFault)) throw error;
    throw refused(rules, error.message);
  }
}

function fromUrl(text: string, rules: ConnectionStringRules): Record<string, unknown> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u0020\u007f\\]/.test(text)) {
    throw refused(rules, 'it contains white space, control characters or backslashes');
  }
  const { masked, reference } = liftReference(text);
  const match = SHAPE.exec(masked);
  if (!match) {
    const form = rules.furtherHosts === undefined ? 'a URL with one host' : 'a URL with its hosts';
    throw refused(rules, `it is not ${form} (is a special character in the password not percent-encoded?)`);
  }
  const [, scheme = '', userinfo = '', authority = '', path = '', query = ''] = match;
  if (!rules.schemes.includes(scheme.toLowerCase()))
    throw refused(rules, `its scheme is not ${rules.schemes.join(' or ')}`);
  const found = {
    ...hostAndPort(authority, rules),
    ...account(userinfo, reference, rules),
    ...(path === '' ? {} : { database: decoded(path, rules) }),
    ...parameters(query, rules),
  };
  return rules.finish ? rules.finish(found, scheme.toLowerCase()) : found;
}

function refused({ schemes, otherForm }: ConnectionStringRules, why: string): HeadwaterError {
  return new HeadwaterError('INVALID_CONFIG', `The connection string cannot be used: ${why}.`, {
    fields: [{ field: '/config/connection_string', message: why }],
    hint:
      `The form is ${schemes[0]}://USER:PASSWORD@HOST:PORT/DATABASE. Special characters in the password are percent-encoded.` +
      (otherForm === undefined ? '' : ` Or: ${otherForm.example}.`),
  });
}

function decoded(part: string, rules: ConnectionStringRules): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refused(rules, 'it has a wrong percent-encoding');
  }
}

function hostAndPort(authority: string, rules: ConnectionStringRules): Record<string, unknown> {
  const { furtherHosts } = rules;
  const [first = '', ...further] = authority.split(',');
  if (further.length > 0 && furtherHosts === undefined)
    throw refused(rules, 'it names several hosts; give the one to read from');
  const [, host, port] = ADDRESS.exec(first) ?? [];
  if (!host) throw refused(rules, 'it has no host, or a port that is not a number');
  return {
    host: decoded(host, rules),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(furtherHosts === undefined || further.length === 0
      ? {}
      : { [furtherHosts]: further.map((each) => decoded(each, rules)) }),
  };
}

function account(
  userinfo: string,
  reference: string | undefined,
  rules: ConnectionStringRules,
): Record<string, string> {
  if (userinfo === '') return {};
  if (userinfo.startsWith('${')) throw refused(rules, 'a reference can stand for its password alone, not for its user');
  const colon = userinfo.indexOf(':');
  if (colon < 0) return { username: decoded(userinfo, rules) };
  const password = reference ?? decoded(userinfo.slice(colon + 1), rules);
  return { username: decoded(userinfo.slice(0, colon), rules), ...(password === '' ? {} : { password }) };
}

function parameters(query: string, rules: ConnectionStringRules): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const [name = '', ...values] = pair.split('=').map((part) => decoded(part, rules));
    const value = values.join('=');
    const rule = Object.hasOwn(rules.parameters, name) ? rules.parameters[name] : undefined;
    if (rule) found[rule.field] = rule.read ? rule.read(value) : value;
    else if (!rules.ignored.includes(name)) {
      const why = rules.refused && Object.hasOwn(rules.refused, name) ? `: it ${rules.refused[name]}` : '';
      throw refused(rules, `its parameter ${JSON.stringify(name.slice(0, 40))} is not permitted${why}`);
    }
  }
  return found;
}

/** `user:${file:/run/secrets/pw}@host`: the password may be a reference although it holds `/` and `:`. */
function liftReference(text: string): { masked: string; reference?: string } {
  const start = text.indexOf('://') + 3;
  const end = text.lastIndexOf('}@');
  if (end < 0) return { masked: text };
  const match = USERINFO_REFERENCE.exec(text.slice(start, end + 1));
  const reference = match?.[2];
  if (reference === undefined || parseReference(reference) === undefined) return { masked: text };
  return { masked: `${text.slice(0, start)}${match?.[1]}:x${text.slice(end + 1)}`, reference };
}
