import type { Secret } from './secret.ts';

const SHORTEST = 4;
const MARK = '[secret]';
const CAP = 2048;

/**
 * Scrubs secrets, by value and in every encoding they travel in, from text that comes from outside (drivers, vendors,
 * banners, rows). Never meant for our own words: a password `postgres` must not maim `postgresql`.
 */
export interface Redactor {
  /** Scrubs, strips control and invisible characters, and caps at 2 KB. */
  clean: (text: string, cap?: number) => string;
  /** Scrubs a whole value from outside: strings inside arrays and objects, keys included. */
  cleanValue: (value: unknown) => unknown;
}

export function createRedactor(secrets: Iterable<Secret>, companions: Iterable<string> = []): Redactor {
  // As they look in stripped text: what hides inside a secret is gone there.
  const forms = [...new Set([...formsOf(secrets, [...companions])].map(strip))]
    .filter((form) => form.length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
  // The mark goes in last, in place of a character that stripped text has not: no secret is looked for inside it.
  const scrub = (text: string) =>
    forms.reduce((rest, form) => rest.replaceAll(form, '\0'), text).replaceAll('\0', MARK);
  const clean = (text: string, cap = CAP) => {
    // A value that sits across the cap must not leave its first half behind: scrub first, with room to spare.
    const window = cap * 4;
    const stripped = strip(text.slice(0, window));
    const safe = scrub(text.length < window ? stripped : withoutCutForm(stripped, forms));
    return safe.length > cap ? `${safe.slice(0, cap - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : safe;
  };
  const cleanValue = (value: unknown): unknown => {
    if (typeof value === 'string') return clean(value);
    if (Array.isArray(value)) return value.map(cleanValue);
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [clean(key, 200), cleanValue(inner)]));
    }
    return value;
  };
  return { clean, cleanValue };
}

/** Text that was cut somewhere, without the beginning of a secret that the cut has left at its end. */
function withoutCutForm(text: string, forms: readonly string[]): string {
  const longest = Math.max(0, ...forms.map((form) => form.length - 1));
  for (let length = Math.min(longest, text.length); length > 0; length -= 1) {
    const end = text.slice(-length);
    if (forms.some((form) => form.length > length && form.startsWith(end))) return text.slice(0, -length);
  }
  return text;
}

function* formsOf(secrets: Iterable<Secret>, companions: readonly string[]): Generator<string> {
  for (const secret of secrets) {
    const value = secret.reveal().toWellFormed();
    const percent = encodeURIComponent(value);
    const form = new URLSearchParams({ v: value }).toString().slice(2);
    const hex = Buffer.from(value).toString('hex');
    yield* [value, JSON.stringify(value).slice(1, -1), value.replaceAll("'", "''")];
    yield* [percent, lowerPercent(percent), form, lowerPercent(form), hex, hex.toUpperCase()];
    for (const text of [value, ...companions.map((companion) => `${companion}:${value}`)]) {
      yield Buffer.from(text).toString('base64').replace(/=+$/, '');
      yield Buffer.from(text).toString('base64url');
    }
  }
}

function lowerPercent(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
}

/** Control, bidirectional, zero-width and tag characters: they hide or forge text. Tabs and newlines become spaces. */
export function strip(text: string): string {
  return text.replace(/[\t\r\n]+/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, '');
}
