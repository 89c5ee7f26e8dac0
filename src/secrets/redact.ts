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
  const forms = [...formsOf(secrets, [...companions])].sort((a, b) => b.length - a.length);
  const scrub = (text: string) => forms.reduce((rest, form) => rest.replaceAll(form, MARK), text);
  const clean = (text: string, cap = CAP) => {
    // A value that sits across the cap must not leave its first half behind: scrub first, with room to spare.
    const window = text.length > cap * 4 ? text.slice(0, cap * 4) : text;
    const safe = strip(scrub(window));
    return safe.length > cap ? `${safe.slice(0, cap - 1)}…` : safe;
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

function formsOf(secrets: Iterable<Secret>, companions: readonly string[]): Set<string> {
  const forms = new Set<string>();
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value.length < SHORTEST) continue;
    forms.add(value);
    forms.add(encodeURIComponent(value));
    forms.add(JSON.stringify(value).slice(1, -1));
    forms.add(Buffer.from(value).toString('hex'));
    forms.add(Buffer.from(value).toString('base64').replace(/=+$/, ''));
    forms.add(Buffer.from(value).toString('base64url'));
    for (const companion of companions) {
      forms.add(Buffer.from(`${companion}:${value}`).toString('base64').replace(/=+$/, ''));
    }
  }
  return forms;
}

/** Control, bidirectional, zero-width and tag characters: they hide or forge text. Tabs and newlines become spaces. */
export function strip(text: string): string {
  return text.replace(/[\t\r\n]+/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, '');
}
