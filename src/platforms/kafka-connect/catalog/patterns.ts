/**
 * Debezium's lists are text with commas, and what stands between them is a regular expression that has to fit a whole
 * name, whatever its capitals. A dot is left as it is: between a schema and a table nothing else can stand.
 */

const SPECIAL = /[\\^$*+?()[\]{}|,]/g;
const ESCAPED = /\\([\\^$*+?()[\]{}|,.])/g;

/** A list of names as such a text; what is text already stays. */
export function patternsOf(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((name) => String(name).replace(SPECIAL, '\\$&')).join(',');
}

/** The names in such a text that are names and no patterns; `''` where there is none. */
export function namesIn(value: unknown): readonly string[] | '' {
  if (typeof value !== 'string') return '';
  const names = entriesOf(value).flatMap((entry) => literal(entry) ?? []);
  return names.length > 0 ? names : '';
}

/** What stands between the commas that are none of a name. */
export function entriesOf(text: string): string[] {
  return text
    .split(/(?<!\\),/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function literal(entry: string): string | undefined {
  const rest = entry.replace(ESCAPED, '');
  return rest.search(SPECIAL) === -1 ? entry.replace(ESCAPED, '$1') : undefined;
}

/** For fields that hold such a text. */
export const PATTERNS = { take: patternsOf, give: namesIn } as const;
