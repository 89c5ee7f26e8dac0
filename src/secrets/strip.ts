const INVISIBLE = /(?!\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{DI}]/gu;

/**
 * Control, bidirectional, zero-width and tag characters, and whatever else nobody sees: they hide or forge text. Tabs
 * and newlines become spaces; how a sign is to be drawn stays.
 */
export function strip(text: string): string {
  return text.replace(/[\t\r\n]+/g, ' ').replace(INVISIBLE, '');
}
