import { isObject } from '../../connectors/paths.ts';
import { namesSecret } from '../../connectors/secret-names.ts';
import { Secret } from '../../secrets/secret.ts';

/** Secrets that somebody has put into plain settings at a vendor, which shows those to all who ask. */

const IN_PLACE = '…';
const MOST_DEEP = 12;
/** In URLs of every kind: who logs in, Oracle's `thin:user/password@`, a session of AWS, webhooks whose path is the key. */
const PLACES: readonly RegExp[] = [
  /\/\/[^/@\s?#:]*:(?<secret>[^/\s?#]+)@/g,
  /:thin:[^/@\s:]+\/(?<secret>[^@\s]+)@/gi,
  /AWS_SESSION_TOKEN:(?<secret>[^,&\s]+)/gi,
  /(?:^|[:=]\s*)(?:Bearer|Basic|Token)\s+(?<secret>[\w.~+/=-]{6,})(?=\s*(?:$|[\n,;|"']))/gi,
  /hooks\.slack\.com\/\w+\/(?<secret>[^\s?#"']+)/gi,
  /\/api\/webhooks\/(?<secret>[^\s?#"']+)/gi,
  /\.webhook\.office\.com\/\w+\/(?<secret>[^\s?#"']+)/gi,
];
/** `?name=value`, `;name={value}`, and headers as lines: the name tells. */
const NAMED: readonly RegExp[] = [
  /[?;&,](?<name>[\w.-]+)=(?<secret>\{[^}]*\}|[^;&\s,#"']+)/g,
  /(?:^|[\n,;|])\s*(?<name>[\w-]+):\s*(?<secret>[^\s,;|]+)/g,
];
const LIKE_PASSWORDS = /(pass(word|wd|phrase)?|pwd|secret)$/i;

/** What of a text is secret by its form. */
function parts(text: string): string[] {
  const placed = PLACES.flatMap((pattern) => [...text.matchAll(pattern)]);
  const named = NAMED.flatMap((pattern) => [...text.matchAll(pattern)]).filter(({ groups }) =>
    isNamed(groups?.['name'] ?? '', groups?.['secret']),
  );
  return [...placed, ...named].flatMap(({ groups }) => groups?.['secret'] ?? []);
}

function isNamed(name: string, value = ''): boolean {
  return namesSecret(name, value) || LIKE_PASSWORDS.test(name);
}

/** A text without the secrets in it; the rest of it is as it was. */
export function maskedText(text: string): string {
  return parts(text).reduce((rest, part) => rest.replaceAll(part, IN_PLACE), text);
}

/** Secrets in a text, as they stand there and as they were before they became part of a URL. */
export function secretsInText(text: string): string[] {
  return parts(text).flatMap((part) => {
    const bare = part.replace(/^\{(.*)\}$/s, '$1');
    return [...new Set([part, bare, decoded(bare)])];
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A value without secrets: those that their names tell, and those that stand inside texts, however deep. */
export function masked(name: string, value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return isNamed(name, value) ? '[secret]' : maskedText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MOST_DEEP) return '…';
  if (Array.isArray(value)) return value.map((item) => masked(name, item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(key, inner, depth + 1)]));
}

/** All that `masked` takes out of a value. `isSecret`: also of what is told by no name. */
export function secretsIn(name: string, value: unknown, isSecret = false, depth = 0): Secret[] {
  if (typeof value === 'string') {
    const whole = value !== '' && (isSecret || isNamed(name, value)) ? [value] : [];
    return [...whole, ...secretsInText(value)].map((text) => new Secret(text));
  }
  if (depth > MOST_DEEP) return [];
  if (Array.isArray(value)) return value.flatMap((item) => secretsIn(name, item, isSecret, depth + 1));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => secretsIn(key, inner, isSecret, depth + 1));
}
