import { readings, unescapedText } from './escapes.ts';

/** What is looked for where escapes were taken away. A backslash at its end may be read as one that escapes what follows. */
export function needlesOf(forms: readonly string[]): string[] {
  const read = [...forms, ...forms.map(unescapedText)];
  return longestFirst([...read, ...read.map((form) => form.replace(/\\+$/, ''))]);
}

/** Shorter, and what is looked for would be found by accident. */
export const SHORTEST = 4;

/** Each once, and none that is too short to be looked for. */
export function longestFirst(texts: readonly string[]): string[] {
  return [...new Set(texts)].filter((text) => text.length >= SHORTEST).sort((a, b) => b.length - a.length);
}

/** What encoders make of a secret, sign by sign: escapes may lie on top of these. */
export function spellingsOf(value: string): string[] {
  const percent = encodeURIComponent(value);
  const form = new URLSearchParams({ v: value }).toString().slice(2);
  const quoted = [JSON.stringify(value).slice(1, -1), value.replaceAll("'", "''")];
  return [...quoted, percent, lowerPercent(percent), form, lowerPercent(form)];
}

function lowerPercent(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
}

/** Text with a mark in place of what reads as a secret once its escapes are taken away, however they are mixed. */
export function withoutEscaped(text: string, needles: readonly string[], isCut: boolean): string {
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
export function withoutBegunForm(text: string, forms: readonly string[]): string {
  let end = text.length;
  for (const form of forms) {
    const initial = form.charAt(0);
    let at = text.indexOf(initial, Math.max(0, text.length - form.length + 1));
    for (; at !== -1 && at < end; at = text.indexOf(initial, at + 1)) if (form.startsWith(text.slice(at))) end = at;
  }
  return text.slice(0, end);
}
