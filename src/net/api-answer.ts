import type { Redactor } from '../secrets/redact.ts';
import { Secret } from '../secrets/secret.ts';
import type { HttpAnswer } from './http.ts';

export interface ApiAnswer {
  status: number;
  /** By names in small letters. */
  headers: Readonly<Record<string, string>>;
  /** Parsed, where it is JSON; undefined where it is empty or anything else. */
  json: unknown;
  /** The beginning of what is not JSON: from outside, and data. */
  text: string;
  /** Takes out of a text whatever secret the request held: upstreams repeat in errors what they were sent. */
  clean: (text: string) => string;
}

const MOST_TEXT = 16_000;
/** Nobody nests so deep but to do harm. */
const DEEPEST = 100;
/** Shorter, and it may stand in an answer by accident. */
const SHORTEST = 12;

/**
 * Reads an answer. The credential that was sent in a header has no place in it, and is taken out of it at once; `clean`
 * knows whatever secret the request held besides.
 */
export async function answerOf(
  { status, headers, body, truncated }: HttpAnswer,
  sentBody: unknown,
  sentHeaders: Readonly<Record<string, string | Secret>>,
): Promise<ApiAnswer> {
  const own = [...secretsIn(sentHeaders)].flatMap(credentialsIn);
  const text = own
    .filter(({ isPassword, secret }) => !isPassword && secret.reveal().length >= SHORTEST)
    .reduce((rest, { secret }) => rest.replaceAll(secret.reveal(), '[secret]'), body.toString('utf8'));
  const json = truncated ? undefined : parsed(text);
  let redactor: Redactor | undefined;
  const { createRedactor } = await import('../secrets/redact.ts');
  return {
    status,
    headers,
    json,
    text: json === undefined ? text.slice(0, MOST_TEXT) : '',
    clean: (dirty) => {
      redactor ??= createRedactor([...secretsIn(sentBody), ...own.map(({ secret }) => secret)]);
      return redactor.clean(dirty);
    },
  };
}

function parsed(text: string): unknown {
  try {
    const value: unknown = text.trim() === '' ? undefined : JSON.parse(text);
    return isWithin(value, DEEPEST) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((each) => isWithin(each, depth - 1));
}

interface Credential {
  secret: Secret;
  /** Chosen by a person, so that it may be any word. */
  isPassword: boolean;
}

/** A header's value, and what in it is the credential: upstreams repeat that without the word before it. */
function credentialsIn(header: Secret): Credential[] {
  const [, scheme = '', bare = ''] = /^(Bearer|Basic) (.+)$/i.exec(header.reveal()) ?? [];
  const login = scheme.toLowerCase() === 'basic' ? Buffer.from(bare, 'base64').toString('utf8') : '';
  const password = login.slice(login.indexOf(':') + 1);
  return [
    { secret: header, isPassword: false },
    ...(bare === '' ? [] : [{ secret: new Secret(bare), isPassword: false }]),
    ...(password === '' ? [] : [{ secret: new Secret(password), isPassword: true }]),
  ];
}

function* secretsIn(value: unknown): Generator<Secret> {
  if (value instanceof Secret) yield value;
  else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) yield* secretsIn(each);
}
