import { strip } from './strip.ts';

/**
 * Finds a text in another one however it is spelled there, sign by sign and mixed as it comes: as it is, JSON-escaped
 * (also again and again), percent-encoded, as a form, as HTML, with the quotes of SQL. The text is stripped already, so
 * what nobody sees may be missing in it.
 */

/** A stretch of text, from its first unit to behind its last. */
export type Stretch = readonly [from: number, to: number];

/** Finds where a text stands in another; in one that was cut, also where that ends in the middle of it. */
export type Finder = (text: string, isCut: boolean) => Generator<Stretch>;

interface Sign {
  sign: string;
  /** Nobody sees it, so stripped text may not have it. */
  mayMiss: boolean;
  /** Stripped text has a space in its place. */
  isSpace: boolean;
}

/** What a spelling may begin with beside the sign itself. */
const BEGINNINGS = '\\%&+';

export function finderOf(wanted: string): Finder {
  const signs = [...wanted].map((sign) => ({
    sign,
    mayMiss: strip(sign) !== sign,
    isSpace: strip(sign) === ' ',
  }));
  const [first] = signs;
  const begins = new Set(BEGINNINGS + (first?.sign ?? '').charAt(0));
  return function* stretches(text, isCut) {
    // A text made for it could have every sign of a long secret looked for at every place.
    const effort = { left: LEAST_EFFORT + text.length * EFFORT_PER_SIGN };
    for (let from = 0; from < text.length; ) {
      const to = first?.mayMiss || begins.has(text.charAt(from)) ? endOf(signs, text, from, isCut, effort) : undefined;
      if (effort.left <= 0) {
        yield [from, text.length];
        return;
      }
      if (to === undefined || to === from) from += 1;
      else {
        yield [from, to];
        from = to;
      }
    }
  };
}

/** Places looked at, per text and secret. What is left when they are used up is taken for the secret: shown to nobody. */
const LEAST_EFFORT = 20_000;
const EFFORT_PER_SIGN = 20;

/** A sign may be spelled in several ways at one place, `%25` for one: every way is followed. */
function endOf(
  signs: readonly Sign[],
  text: string,
  from: number,
  isCut: boolean,
  effort: { left: number },
): number | undefined {
  let places = [from];
  for (const each of signs) {
    const next = places.flatMap((at) => behind(each, text, at));
    effort.left -= 1 + next.length;
    if (effort.left <= 0) return undefined;
    if (next.length === 0) {
      const cut = isCut && places.some((at) => at > from && isCutAt(text, at));
      return cut ? text.length : undefined;
    }
    places = next.length === 1 ? next : [...new Set(next)];
  }
  return Math.max(...places);
}

/** A spelling that the end of the text has cut off. */
function isCutAt(text: string, at: number): boolean {
  return /^(\\{0,16}(u[0-9a-f]{0,3})?|(%(25)*2?[0-9a-f]?)*|&#?\w{0,6})$/i.test(text.slice(at, at + LONGEST_SPELLING));
}

const LONGEST_SPELLING = 40;
const MOST_BACKSLASHES = 16;
const SHORT: Readonly<Record<string, string>> = { '\n': 'n', '\r': 'r', '\t': 't', '\b': 'b', '\f': 'f' };
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '!': '&excl;',
  '#': '&num;',
  $: '&dollar;',
  '%': '&percnt;',
  '(': '&lpar;',
  ')': '&rpar;',
  '*': '&ast;',
  '+': '&plus;',
  ',': '&comma;',
  '.': '&period;',
  '/': '&sol;',
  ':': '&colon;',
  ';': '&semi;',
  '=': '&equals;',
  '?': '&quest;',
  '@': '&commat;',
  '[': '&lsqb;',
  '\\': '&bsol;',
  ']': '&rsqb;',
  '^': '&Hat;',
  _: '&lowbar;',
  '`': '&grave;',
  '{': '&lcub;',
  '|': '&verbar;',
  '}': '&rcub;',
};

/** The places behind a sign where it is spelled at `at`, in whatever ways. */
function behind({ sign, mayMiss, isSpace }: Sign, text: string, at: number): number[] {
  const places = text.startsWith(sign, at) ? [at + sign.length] : [];
  if (mayMiss) places.push(at);
  if (isSpace && text[at] === ' ') places.push(at + 1);
  const spelled = OTHERWISE[text.charAt(at)]?.(sign, text, at);
  return spelled === undefined ? places : places.concat(spelled);
}

const OTHERWISE: Readonly<Record<string, (sign: string, text: string, at: number) => number | number[] | undefined>> = {
  // SQL doubles its quotes.
  "'": (sign, text, at) => (sign === "'" && text[at + 1] === "'" ? at + 2 : undefined),
  '+': (sign, _, at) => (sign === ' ' ? at + 1 : undefined),
  '%': percent,
  '&': entity,
  // A backslash stands for as many as JSON has made of it.
  '\\': (sign, text, at) => {
    const end = behindBackslashes(text, at);
    return sign === '\\' ? end : escaped(sign, text, end);
  },
};

function behindBackslashes(text: string, at: number): number {
  let end = at;
  while (text[end] === '\\' && end - at < MOST_BACKSLASHES) end += 1;
  return end;
}

function escaped(sign: string, text: string, at: number): number | undefined {
  if (text.startsWith(sign, at)) return at + sign.length;
  if (SHORT[sign] !== undefined && text[at] === SHORT[sign]) return at + 1;
  let end = at;
  for (const unit of sign.split('')) {
    if (end > at) end = behindBackslashes(text, end);
    const code = unit.charCodeAt(0).toString(16).padStart(4, '0');
    if (text[end] !== 'u' || text.slice(end + 1, end + 5).toLowerCase() !== code) return undefined;
    end += 5;
  }
  return end;
}

/** Encoded again and again, the percent sign itself is a code. */
function percent(sign: string, text: string, at: number): number[] {
  let places = [at];
  for (const byte of Buffer.from(sign)) {
    const code = byte.toString(16).padStart(2, '0');
    places = places.flatMap((place) =>
      codesAt(text, place)
        .filter((end) => sameCode(text, end, code))
        .map((end) => end + 2),
    );
  }
  return places;
}

/** Where the code behind a percent sign may begin: behind each `25` of the signs that were encoded themselves. */
function codesAt(text: string, at: number): number[] {
  if (text[at] !== '%') return [];
  const places = [at + 1];
  for (let end = at + 1; text.startsWith('25', end); end += 2) places.push(end + 2);
  return places;
}

function sameCode(text: string, at: number, code: string): boolean {
  return text.slice(at, at + 2).toLowerCase() === code;
}

function entity(sign: string, text: string, at: number): number | undefined {
  const named = ENTITIES[sign];
  if (named !== undefined && text.startsWith(named, at)) return at + named.length;
  const [whole, hex, decimal] = /^&#(?:x0*([0-9a-f]{1,6})|0*(\d{1,7}));?/i.exec(text.slice(at, at + 20)) ?? [];
  if (whole === undefined) return undefined;
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return code === sign.codePointAt(0) ? at + whole.length : undefined;
}
