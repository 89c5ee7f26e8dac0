import { readings, unescapedText, withoutBegunEscape } from './escapes.ts';
import type { Secret } from './secret.ts';

const SHORTEST = 4;
const MARK = '[secret]';
const CAP = 2048;

/**
 * Scrubs secrets, by value and in every encoding and escaping they travel in, from text that comes from outside (drivers, vendors,
 * banners, rows). Never meant for our own words: a password `postgres` must not maim `postgresql`.
 */
export interface Redactor {
  /** Scrubs, strips control and invisible characters, and caps at 2 KB. */
  clean: (text: string, cap?: number) => string;
  /** Scrubs a whole value from outside: strings inside arrays and objects, keys included. */
  cleanValue: (value: unknown) => unknown;
}

export function createRedactor(secrets: Iterable<Secret>, companions: Iterable<string> = []): Redactor {
  const known = [...secrets];
  // As they look in stripped text: what hides inside a secret is gone there.
  const forms = longestFirst([...formsOf(known, [...companions])].map(strip));
  // A backslash at its end may be read as one that escapes what follows.
  const read = [...forms, ...forms.map(unescapedText)];
  const needles = longestFirst([...read, ...read.map((form) => form.replace(/\\+$/, ''))]);
  const numbers = new Set(known.flatMap((secret) => numberOf(secret.reveal())));
  const clean = (text: string, cap = CAP) => {
    // A value that sits across the cap must not leave its first half behind: scrub first, with room to spare.
    const window = cap * 4;
    const stripped = strip(text.slice(0, window));
    const isCut = text.length >= window;
    const plain = withoutEscaped(isCut ? withoutBegunEscape(stripped) : stripped, needles, isCut);
    // The mark goes in last, in place of a character that stripped text has not: no secret is looked for inside it.
    const safe = forms
      .reduce((rest, form) => rest.replaceAll(form, '\0'), isCut ? withoutBegunForm(plain, forms) : plain)
      .replaceAll('\0', MARK);
    return safe.length > cap ? `${safe.slice(0, cap - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : safe;
  };
  const cleanValue = (value: unknown): unknown => {
    if (typeof value === 'string') return clean(value);
    if (typeof value === 'number') return numbers.has(value) ? MARK : value;
    if (Array.isArray(value)) return value.map(cleanValue);
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [clean(key, 200), cleanValue(inner)]));
    }
    return value;
  };
  return { clean, cleanValue };
}

function longestFirst(forms: readonly string[]): string[] {
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST).sort((a, b) => b.length - a.length);
}

/** A number that a secret of digits becomes where a server sends it as one. */
function numberOf(text: string): number[] {
  return text.length >= SHORTEST && /^[+-]?\d+(\.\d+)?$/.test(text.trim()) ? [Number(text)] : [];
}

/** Text with a mark in place of what reads as a secret once its escapes are taken away, however they are mixed. */
function withoutEscaped(text: string, needles: readonly string[], isCut: boolean): string {
  const found: [from: number, to: number][] = [];
  let end = text.length;
  for (const reading of readings(text, isCut)) {
    const cut = isCut ? withoutBegunForm(reading.text, needles).length : reading.text.length;
    if (cut < reading.text.length) end = Math.min(end, reading.from[cut] ?? end);
    for (const needle of needles) {
      for (let at = reading.text.indexOf(needle); at !== -1; at = reading.text.indexOf(needle, at + needle.length))
        found.push([reading.from[at] ?? 0, reading.to[at + needle.length - 1] ?? text.length]);
    }
  }
  let kept = '';
  let copied = 0;
  for (const [from, to] of found.sort((a, b) => a[0] - b[0])) {
    if (from >= end) break;
    if (from >= copied) kept += `${text.slice(copied, from)}\0`;
    copied = Math.max(copied, to);
  }
  return kept + text.slice(copied, Math.max(copied, end));
}

/** Text that was cut somewhere, without the beginning of a secret that the cut has left at its end. */
function withoutBegunForm(text: string, forms: readonly string[]): string {
  let end = text.length;
  for (const form of forms) {
    const initial = form.charAt(0);
    let at = text.indexOf(initial, Math.max(0, text.length - form.length + 1));
    for (; at !== -1 && at < end; at = text.indexOf(initial, at + 1)) if (form.startsWith(text.slice(at))) end = at;
  }
  return text.slice(0, end);
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
