/** Text as it reads without its escapes, and where in the text each of its characters stood. */
export interface Reading {
  text: string;
  from: Uint32Array;
  to: Uint32Array;
}

const HEX = '[0-9a-fA-F]';
const NEXT_BYTE = `%[89abAB]${HEX}`;
/** Escapes of JSON and JavaScript, of HTML and XML, of URLs: one character each. */
const ESCAPE = new RegExp(
  [
    `\\\\u([dD][89abAB]${HEX}{2})\\\\u([dD][c-fC-F]${HEX}{2})`,
    `\\\\u\\{0*(${HEX}{1,6})\\}|\\\\u(${HEX}{4})|\\\\x(${HEX}{2})`,
    `\\\\(["'\`/\\\\bfnrt])`,
    `&#[xX]0*(${HEX}{1,6});|&#0*([0-9]{1,7});|&(amp|lt|gt|quot|apos);`,
    `(%[c-dC-D]${HEX}${NEXT_BYTE}|%[eE]${HEX}(?:${NEXT_BYTE}){2}|%[fF][0-7](?:${NEXT_BYTE}){3}|%${HEX}{2})`,
  ].join('|'),
  'g',
);
/** The beginning of one, where a text was cut. */
const BEGUN = new RegExp(
  `(?:\\\\(?:u\\{?${HEX}{0,5}|x${HEX}?)?|&(?:#[xX]?${HEX}{0,6}|[a-z]{0,4})|(?:%[c-fC-F]${HEX}(?:${NEXT_BYTE}){0,2})?%${HEX}?|%[c-fC-F]${HEX}(?:${NEXT_BYTE}){0,2})$`,
);
const LONGEST_BEGUN = 16;
const MAY_HOLD_ESCAPES = /[\\&%]/;
/** How deep escapes are looked for in escapes. */
const MOST_READINGS = 7;

const CONTROLS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const WHITE = /^[\t\r\n]$/;
const HIDDEN = /^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]$/u;

/**
 * Stripped text without its escapes, then without the escapes that were escaped in it, and so on; nothing where there
 * are none. What unescapes to a control or invisible character is gone, or a space, as in stripped text.
 * `isCut`: an escape at its end may be half of one.
 */
export function* readings(text: string, isCut = false): Generator<Reading> {
  if (!MAY_HOLD_ESCAPES.test(text)) return;
  let reading: Reading | undefined = plain(text);
  for (let depth = 0; depth < MOST_READINGS; depth += 1) {
    reading = unescaped(reading);
    if (reading === undefined) return;
    if (isCut) reading = { ...reading, text: withoutBegunEscape(reading.text) };
    yield reading;
  }
}

/** What is left when nothing is escaped any more. */
export function unescapedText(text: string): string {
  return [...readings(text)].at(-1)?.text ?? text;
}

/** Text that was cut, without an escape that the cut has left unfinished. */
export function withoutBegunEscape(text: string): string {
  const end = text.slice(-LONGEST_BEGUN);
  return text.slice(0, text.length - end.length) + end.replace(BEGUN, '');
}

function plain(text: string): Reading {
  const from = Uint32Array.from({ length: text.length }, (_, at) => at);
  return { text, from, to: from.map((at) => at + 1) };
}

function unescaped(reading: Reading): Reading | undefined {
  const { text } = reading;
  const pieces: string[] = [];
  // No escape is shorter than what it stands for.
  const from = new Uint32Array(text.length);
  const to = new Uint32Array(text.length);
  let length = 0;
  let copied = 0;
  let whiteEnd = -1;
  const copy = (until: number) => {
    if (until === copied) return;
    pieces.push(text.slice(copied, until));
    from.set(reading.from.subarray(copied, until), length);
    to.set(reading.to.subarray(copied, until), length);
    length += until - copied;
  };
  for (const match of text.matchAll(ESCAPE)) {
    const char = characterOf(match);
    const end = match.index + match[0].length;
    copy(match.index);
    copied = end;
    if (WHITE.test(char)) {
      const follows = whiteEnd === match.index;
      whiteEnd = end;
      if (follows) continue;
    } else if (HIDDEN.test(char)) continue;
    const shown = WHITE.test(char) ? ' ' : char;
    pieces.push(shown);
    from.fill(reading.from[match.index] ?? 0, length, length + shown.length);
    to.fill(reading.to[end - 1] ?? 0, length, length + shown.length);
    length += shown.length;
  }
  if (copied === 0) return undefined;
  copy(text.length);
  return { text: pieces.join(''), from, to };
}

function characterOf([whole, high, low, point, unit, byte, sign, hex, decimal, name, percent]: RegExpExecArray) {
  if (high !== undefined) return String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low ?? '', 16));
  if (sign !== undefined) return CONTROLS[sign] ?? sign;
  if (name !== undefined) return NAMED[name] ?? '';
  if (percent !== undefined) return fromPercent(percent);
  const code = decimal === undefined ? Number.parseInt(point ?? unit ?? byte ?? hex ?? '', 16) : Number(decimal);
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}

function fromPercent(bytesAsText: string): string {
  const bytes = Buffer.from(bytesAsText.replaceAll('%', ''), 'hex');
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? bytes.toString('latin1') : text;
}
