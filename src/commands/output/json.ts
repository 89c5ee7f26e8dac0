import type { Output } from './output.ts';

/** One JSON document, readable where a person sees it. What a terminal would obey is escaped, which JSON permits. */
export function toJson(document: object, { width }: Output): string {
  const text = JSON.stringify(document, null, width === undefined ? 0 : 2);
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) => (found === '\n' ? found : escaped(found)));
  return `${safe}\n`;
}

function escaped(text: string): string {
  return Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  );
}
