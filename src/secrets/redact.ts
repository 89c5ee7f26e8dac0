import { withoutBegunEscape } from './escapes.ts';
import type { Secret } from './secret.ts';
import { type Finder, finderOf } from './spellings.ts';
import { strip } from './strip.ts';
import { longestFirst, needlesOf, SHORTEST, spellingsOf, withoutBegunForm, withoutEscaped } from './unescaped.ts';

export { strip } from './strip.ts';

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
  const values = known.map((secret) => secret.reveal().toWellFormed());
  const finders = longestFirst(values).map(finderOf);
  const forms = longestFirst(values.flatMap((value) => formsOf(value, [...companions])).map(strip));
  const spelled = longestFirst([...values, ...values.flatMap(spellingsOf), ...forms].map(strip));
  const needles = needlesOf(spelled);
  const patterns = forms.map(patternOf);
  const numbers = new Set(values.flatMap(numberOf));
  // The mark goes in last, in place of a character that stripped text has not: no secret is looked for inside it.
  const scrub = (text: string, isCut: boolean) => {
    const read = withoutEscaped(isCut ? withoutBegunEscape(text) : text, needles, isCut);
    const whole = isCut ? withoutBegunForm(read, spelled) : read;
    const found = finders.reduce((rest, find) => withoutSpellings(rest, find, isCut), whole);
    return patterns.reduce<string>((rest, pattern) => rest.replaceAll(pattern, '\0'), found).replaceAll('\0', MARK);
  };
  const clean = (text: string, cap = CAP) => {
    // A value that sits across the cap must not leave its first half behind: scrub first, with room to spare.
    const window = cap * 4;
    const isCut = text.length >= window;
    const stripped = strip(text.slice(0, window));
    const safe = scrub(stripped, isCut);
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

/** A number that a secret of digits becomes where a server sends it as one. */
function numberOf(text: string): number[] {
  return text.length >= SHORTEST && /^[+-]?\d+(\.\d+)?$/.test(text.trim()) ? [Number(text)] : [];
}

const LONGEST_PATTERN = 1024;

/** Encoders break their lines, which are spaces in stripped text; hex is written large, small, mixed, and with colons. */
function patternOf(form: string): RegExp | string {
  if (form.length > LONGEST_PATTERN) return form;
  const isHex = /^[0-9a-f]+$/i.test(form);
  const signs = [...form].map((sign) => sign.replace(/[+/=_-]/, '\\$&'));
  return new RegExp(signs.join(isHex ? '[ :]?' : ' ?'), isHex ? 'gi' : 'g');
}

/** Of text that was cut somewhere, the beginning of a secret at its end goes too. */
function withoutSpellings(text: string, find: Finder, isCut: boolean): string {
  let rest = '';
  let done = 0;
  for (const [from, to] of find(text, isCut)) {
    if (to - from < SHORTEST && to < text.length) continue;
    rest += `${text.slice(done, from)}\0`;
    done = to;
  }
  return rest + text.slice(done);
}

/** What the whole of a secret is made into, where that is not sign by sign. */
function formsOf(value: string, companions: readonly string[]): string[] {
  const bytes = Buffer.from(value);
  const hex = bytes.toString('hex');
  const pairs = companions.map((companion) => `${companion}:${value}`);
  return [hex, hex.toUpperCase(), ...[value, ...pairs].flatMap(base64Of), ...base64Inside(bytes)];
}

function base64Of(text: string): string[] {
  const bytes = Buffer.from(text);
  return [bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url')];
}

/** Shorter, and it would be found by accident. */
const SHORTEST_INSIDE = 8;

/** What base64 has of it wherever it stands in a longer text: the characters that nothing but the secret decides. */
function base64Inside(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
    const [from, to] = [Math.ceil((offset * 8) / 6), Math.floor((padded.length * 8) / 6)];
    const forms = [padded.toString('base64'), padded.toString('base64url')].map((text) => text.slice(from, to));
    return forms.filter((form) => form.length >= SHORTEST_INSIDE);
  });
}
