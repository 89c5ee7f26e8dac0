import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor, strip } from '../../../src/secrets/redact.ts';
import { Secret } from '../../../src/secrets/secret.ts';

const redactor = (...values: string[]) => createRedactor(values.map((value) => new Secret(value)));
const base64 = (text: string) => Buffer.from(text).toString('base64');

const unit = (char: string) => char.charCodeAt(0).toString(16).padStart(4, '0');
const entity = (char: string) => `&#x${(char.codePointAt(0) ?? 0).toString(16).toUpperCase()};`;
const NAMED: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#039;' };

/** What writers of JSON, HTML and URLs make of text, each more careful than its standard asks. */
const ESCAPINGS: Record<string, (value: string) => string> = {
  'JSON of PHP': (value) =>
    JSON.stringify(value)
      .slice(1, -1)
      .replaceAll('/', '\\/')
      .replace(/[^\x20-\x7e]/g, (char) => `\\u${unit(char)}`),
  'JSON of .NET': (value) => value.replace(/[^A-Za-z0-9 ]/g, (char) => `\\u${unit(char).toUpperCase()}`),
  'JSON, all of it': (value) => value.replace(/[\s\S]/g, (char) => `\\u${unit(char)}`),
  JavaScript: (value) => value.replace(/[^A-Za-z0-9 ]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`),
  HTML: (value) => value.replace(/[&<>"']/g, (char) => NAMED[char] ?? ''),
  'HTML, hexadecimal': (value) => value.replace(/[^A-Za-z0-9 ]/gu, entity),
  'HTML, decimal': (value) => value.replace(/[^A-Za-z0-9 ]/gu, (char) => `&#${char.codePointAt(0)};`),
  'percent, all of it': (value) =>
    [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  'nothing more': (value) => value,
};

/** Every encoding a secret travels in: what a driver, a vendor or a log can make of it. */
const ENCODINGS: Record<string, (value: string) => string> = {
  'as it is': (value) => value,
  percent: encodeURIComponent,
  'percent, small letters': (value) => encodeURIComponent(value).replace(/%../g, (code) => code.toLowerCase()),
  form: (value) => new URLSearchParams({ v: value }).toString().slice(2),
  'percent, what URLs may hold left as it is': (value) => encodeURI(value.toWellFormed()),
  'percent, twice': (value) => encodeURIComponent(encodeURIComponent(value)),
  JSON: (value) => JSON.stringify(value),
  'JSON in JSON in JSON': (value) => JSON.stringify(JSON.stringify(JSON.stringify(value))),
  'JSON in ASCII, with its slashes escaped': (value) =>
    JSON.stringify(value)
      .replaceAll('/', '\\/')
      .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  HTML: (value) => value.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`),
  'HTML, in hex': (value) => value.replace(/[&<>"']/g, (sign) => `&#x${sign.charCodeAt(0).toString(16)};`),
  'a SQL literal': (value) => `'${value.replaceAll("'", "''")}'`,
  hex: (value) => Buffer.from(value).toString('hex'),
  HEX: (value) => Buffer.from(value).toString('hex').toUpperCase(),
  base64,
  base64url: (value) => Buffer.from(value).toString('base64url'),
};

/** What a person or a generator makes up; long enough to be one, and not part of the mark itself. */
const secretText = fc
  .oneof(
    fc.string({ minLength: 6, maxLength: 60 }),
    fc.string({ unit: 'grapheme', minLength: 6, maxLength: 40 }),
    fc.string({ unit: 'binary', minLength: 6, maxLength: 40 }),
    fc.base64String({ minLength: 8, maxLength: 80 }),
  )
  .filter((value) => strip(value).length >= 6 && !'[secret]'.includes(strip(value)));
const around = fc.string({ maxLength: 60 });
const encoding = fc.constantFrom(...Object.values(ENCODINGS));
const escaping = fc.constantFrom(...Object.values(ESCAPINGS));

describe('no secret survives', () => {
  test('any secret, in any encoding, in any text', () => {
    fc.assert(
      fc.property(secretText, encoding, around, around, (value, encode, before, after) => {
        const encoded = encode(value);
        const cleaned = redactor(value).clean(`${before}|${encoded}|${after}`);
        fc.pre(!`${before}${after}[secret]`.includes(value));
        expect(cleaned).toContain('[secret]');
        expect(cleaned).not.toContain(strip(value));
        expect(cleaned).not.toContain(strip(encoded));
      }),
      { numRuns: 3000 },
    );
  });

  test('any secret, in any encoding, escaped once or twice', () => {
    fc.assert(
      fc.property(secretText, encoding, escaping, escaping, around, around, (value, encode, inner, outer, ...texts) => {
        const [before, after] = texts;
        const encoded = outer(inner(encode(value)));
        const cleaned = redactor(value).clean(`${before}|${encoded}|${after}`);
        fc.pre(encoded.length < 8000 && !`${before}${after}[secret]`.includes(value));
        expect(cleaned).toContain('[secret]');
        expect(cleaned).not.toContain(strip(value));
        expect(cleaned).not.toContain(strip(encoded));
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['PHP', '{"error":"bad Bearer tok\\/en+abc\\/def==xyz!"}'],
    ['.NET', '{"error":"bad Bearer tok/en\\u002Babc/def\\u003D\\u003Dxyz!"}'],
    ['Go', '{"error":"bad Bearer tok/en+abc/def\\u003d\\u003dxyz!"}'],
    ['a template', '<p>bad Bearer tok&#x2F;en+abc&#x2F;def&#61;&#x3d;xyz!'],
    ['JSON in JSON', '"{\\"error\\":\\"bad Bearer tok\\\\/en+abc\\\\/def==xyz!'],
    ['HTML in a URL', '?bad%20Bearer%20tok%26%23x2F%3Ben+abc%2Fdef==xyz!'],
  ])('as %s echoes it', (_, text) => {
    const cleaned = redactor('tok/en+abc/def==xyz').clean(text);
    expect(cleaned).toMatch(/\[secret\]!/);
    expect(cleaned).not.toMatch(/tok|abc|xyz/);
  });

  test('a number that a server sends as one', () => {
    const { cleanValue } = redactor('12345678', '12345678901234567890');
    expect(cleanValue({ pin: 12345678, other: 1234567, long: JSON.parse('12345678901234567890') })).toEqual({
      pin: '[secret]',
      other: 1234567,
      long: '[secret]',
    });
  });

  test('several at once, one inside the other', () => {
    const { clean } = redactor('alpha', 'alphabet', 'bet-99');
    expect(clean('alphabet alpha bet-99 alphabet-99')).toBe('[secret] [secret] [secret] [secret]-99');
  });

  test('base64 of user and password, as HTTP sends it', () => {
    const { clean } = createRedactor([new Secret('p4ssw0rd')], ['reader']);
    expect(clean(`Authorization: Basic ${base64('reader:p4ssw0rd')}`)).toMatch(/^Authorization: Basic \[secret\]=*$/);
  });

  test('base64 of a text that it stands in, wherever', () => {
    const { clean } = redactor('p4ssw0rd-and-more');
    for (const before of ['', 'x', 'xy', 'postgres://u:', '{"a":"']) {
      for (const encode of [base64, (text: string) => Buffer.from(text).toString('base64url')]) {
        const cleaned = clean(`seen ${encode(`${before}p4ssw0rd-and-more@host/db`)} there`);
        expect(cleaned).toContain('[secret]');
        expect(cleaned).not.toContain(base64('p4ssw0rd-and').slice(4, 12));
      }
    }
  });

  test('cut off in the middle of an escape: nothing of it is left at the cut', () => {
    const value = 'ab"cd/ef\\gh<ij"kl';
    const { clean } = redactor(value);
    for (const encode of Object.values(ENCODINGS)) {
      const encoded = encode(value);
      for (let lead = 780; lead < 800; lead += 1) {
        expect(clean(`${'-'.repeat(lead)}${encoded.repeat(40)}`, 200)).not.toMatch(/ab.{0,9}cd/);
      }
    }
  });

  test('hidden between invisible characters', () => {
    const { clean } = redactor('hunter22');
    expect(clean('the password is hun\u200bt\u0000er\u202e22')).toBe('the password is [secret]');
  });

  test('a secret that holds invisible characters itself', () => {
    const { clean } = redactor('hun\u200bter22\n');
    expect(clean('it is hun\u200bter22\n!')).toBe('it is [secret]!');
    expect(clean('it is hunter22 !')).toBe('it is [secret]!');
  });

  test('cut off anywhere: no beginning of it is left at the cut', () => {
    const value = 'abcdefghijklmnopqrstuvwxyz0123456789';
    const { clean } = redactor(value);
    for (let lead = 0; lead < 900; lead += 1) {
      const cleaned = clean(`${'-'.repeat(lead)}${value}`, 200);
      expect(cleaned.length).toBeLessThanOrEqual(200);
      expect(cleaned).not.toContain('abc');
    }
  });

  test.each(Object.entries(ESCAPINGS))('cut off anywhere when it is escaped: %s', (_, escaped) => {
    const value = 'K<&/"é'.repeat(8).concat('Z');
    const text = escaped(value);
    for (let lead = 0; lead < text.length; lead += 1) {
      const cleaned = redactor(value).clean(`${'-'.repeat(lead)}${text.repeat(200)}`, 400);
      expect(cleaned.replaceAll('[secret]', '')).toMatch(/^-*…?$/);
    }
  });

  test('so often that what stands behind it moves to the front', () => {
    const value = 'K'.repeat(61).concat('Z');
    const cleaned = redactor(value).clean(value.repeat(1000));
    expect(cleaned).not.toContain('KKKK');
    expect(cleaned.startsWith('[secret][secret]')).toBe(true);
  });

  test('in keys and values, however deep', () => {
    const { cleanValue } = redactor('hunter22');
    const given = {
      'key hunter22': ['hunter22', { deep: 'a hunter22 b' }],
      n: 5,
      nothing: null,
      yes: true,
      u: undefined,
    };
    expect(cleanValue(given)).toEqual({
      'key [secret]': ['[secret]', { deep: 'a [secret] b' }],
      n: 5,
      nothing: null,
      yes: true,
      u: undefined,
    });
  });

  test('half a character makes no difference', () => {
    expect(redactor('secret\ud800tail').clean('ok')).toBe('ok');
  });

  test('a secret of 64 kB, and many of them', () => {
    const long = Array.from({ length: 40 }, (_, i) => `${i}${'x'.repeat(64 * 1024)}`);
    expect(redactor(...long).clean(`a ${'x'.repeat(100)} b`)).toContain(' b');
  });
});

describe('nothing else is touched', () => {
  test('text without the secret stays as it is', () => {
    const plain = fc.string({ unit: 'grapheme', maxLength: 500 });
    fc.assert(
      fc.property(plain, (text) => {
        fc.pre(strip(text) === text);
        expect(redactor('p4ssw0rd-that-is-nowhere').clean(text)).toBe(text);
      }),
    );
  });

  test('escapes of something else stay as they are', () => {
    const text = '{"a":"\\u00e9\\/","b":"C:\\\\new"} &amp; &#x2F; 100%25 %E9 \\';
    expect(redactor('p4ssw0rd/that/is&nowhere').clean(text)).toBe(text);
  });

  test.each([
    ['postgres', 'postgresql is what it is called', '[secret]ql is what it is called'],
    ['secret', 'a secret [secret]', 'a [secret] [[secret]]'],
    ['abc', 'abc is too short to be looked for', 'abc is too short to be looked for'],
  ])('%s in %s', (value, text, cleaned) => {
    expect(redactor(value).clean(text)).toBe(cleaned);
  });

  test('what a pattern or a replacement would take for its own is text', () => {
    expect(redactor('.*+$&(\\d)[x]').clean('a .*+$&(\\d)[x] b')).toBe('a [secret] b');
    expect(redactor('nothing').clean("$& $1 $` $'")).toBe("$& $1 $` $'");
  });

  test('no secret, no change', () => {
    expect(createRedactor([]).clean('all of it')).toBe('all of it');
  });
});

describe('strip and cap', () => {
  test.each([
    ['\u001b[31mred\u001b[0m', '[31mred[0m'],
    ['one\r\n\ttwo', 'one two'],
    ['a\u0000\u0007\u007f\u0085b', 'ab'],
    ['a\u202eb\u2066c\u200bd\ufeffe\u00adf', 'abcdef'],
    ['a\u{e0041}\u{e007f}b', 'ab'],
    ['a\u2028b\u2029c', 'abc'],
    ['\ud800 half', ' half'],
    ['größe 漢字 🚀 é', 'größe 漢字 🚀 é'],
  ])('%j becomes %j', (text, expected) => {
    expect(strip(text)).toBe(expected);
  });

  test('the result is never longer than the cap, and always whole characters', () => {
    const text = fc.string({ unit: 'binary', maxLength: 400 });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 100 }), secretText, (given, cap, value) => {
        const cleaned = redactor(value).clean(given, cap);
        expect(cleaned.length).toBeLessThanOrEqual(cap);
        expect(cleaned.isWellFormed()).toBe(true);
        expect(strip(cleaned)).toBe(cleaned);
      }),
      { numRuns: 2000 },
    );
  });

  test('2 KB without a cap; what is longer says so', () => {
    const cleaned = createRedactor([]).clean('y'.repeat(5000));
    expect(cleaned).toHaveLength(2048);
    expect(cleaned.endsWith('y…')).toBe(true);
  });
});

describe('what encoders and servers do besides', () => {
  const secret = 'p@ss!W0rd/Ab+c=$';
  const { clean } = createRedactor([new Secret(secret)]);
  const hex = Buffer.from(secret).toString('hex');
  const long = Buffer.from(`${'x'.repeat(50)}${secret}${'y'.repeat(50)}`).toString('base64');
  test.each([
    ['named entities', 'p&commat;ss&excl;W0rd&sol;Ab&plus;c&equals;&dollar;'],
    ['entities without their end', [...secret].map((sign) => `&#${sign.codePointAt(0)}`).join('')],
    ['hex in mixed case', hex.replace(/[a-f]/g, (sign, at: number) => (at % 4 < 2 ? sign.toUpperCase() : sign))],
    ['hex with colons', (hex.match(/../g) ?? []).join(':')],
    ['base64 in lines', long.replace(/(.{76})/g, '$1\n')],
  ])('%s', (_, text) => {
    const shown = clean(`said: ${text}.`);
    expect(shown).toContain('[secret]');
    expect(shown).not.toContain(text);
  });

  test.each([
    ['backslashes', `${'\\'.repeat(40)}b`, '\\'],
    ['one sign', `${'a'.repeat(4000)}b`, 'a'],
    ['signs that nobody sees', `a${'\u200b'.repeat(2000)}b`, 'a'],
  ])('a text made to be slow for a secret of %s is cut short, not waited for', (_, value, sign) => {
    const redactor = createRedactor([new Secret(value)]);
    const began = performance.now();
    redactor.clean(sign.repeat(8_191));
    // Seconds without the bound on effort.
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
