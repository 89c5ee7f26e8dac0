import type { JsonSchema } from '../json-schema.ts';
import { isObject } from '../paths.ts';

/** What names of fields give away. Better one that is asked about too much than a secret stored in clear. */

const SECRET_WORDS = new Set([
  ...['password', 'passwd', 'pwd', 'pass', 'passphrase', 'passcode', 'secret', 'token', 'credential', 'jwt', 'pat'],
  ...['dsn', 'pem', 'pin', 'cookie', 'bearer', 'cvv'],
]);
const SECRET_PAIRS = new Set([
  ...['api key', 'access key', 'private key', 'secret key', 'auth key', 'signing key', 'encryption key', 'shared key'],
  ...['account key', 'connection string', 'connection uri'],
]);
const DESTINATION_WORDS = new Set([
  ...['host', 'hostname', 'server', 'url', 'uri', 'endpoint', 'domain', 'subdomain', 'address', 'port', 'broker'],
  ...['bootstrap', 'proxy', 'site', 'origin', 'account', 'instance', 'realm'],
]);
const DESTINATION_PAIRS = new Set(['api base', 'base path', 'api root']);

/** `apiKeys`, `api_key` and `API-Key` as `api`, `key`. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => (/[^s]s$/.test(word) && !['address', 'pass', 'alias'].includes(word) ? word.slice(0, -1) : word));
}

const pairsOf = (words: readonly string[]) => words.slice(1).map((word, at) => `${words[at]} ${word}`);

/** What it is about may stand before (`db_password`); what it is, behind (`token_url` is an address). */
export function looksSecret(name: string): boolean {
  const words = wordsOf(name);
  if (looksLikeDestination(name)) return words.length > 1 && SECRET_PAIRS.has(words.slice(-2).join(' '));
  const last = words.at(-1) ?? '';
  return (
    SECRET_WORDS.has(last) ||
    pairsOf(words).some((pair) => SECRET_PAIRS.has(pair)) ||
    SECRET_WORDS.has(words.at(-2) ?? '')
  );
}

export function looksLikeDestination(name: string): boolean {
  const words = wordsOf(name);
  return DESTINATION_WORDS.has(words.at(-1) ?? '') || DESTINATION_PAIRS.has(words.slice(-2).join(' '));
}

/** Names of fields inside a JSON Schema's objects, at any depth. */
export function nestedNames(json: JsonSchema | unknown): string[] {
  if (Array.isArray(json)) return json.flatMap(nestedNames);
  if (!isObject(json)) return [];
  const own = isObject(json['properties']) ? Object.keys(json['properties']) : [];
  return [...own, ...Object.values(json).flatMap(nestedNames)];
}
