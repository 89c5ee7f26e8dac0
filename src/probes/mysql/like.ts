/**
 * Whether a text is what a pattern of LIKE describes: `%` for anything, `_` for one sign, `\` before either for itself.
 * Patterns may be a stranger's, so there is no regular expression to be kept busy by one.
 */
export function isLike(text: string, pattern: string): boolean {
  const signs = parsed(pattern);
  let at = 0;
  let seen = 0;
  let star = -1;
  let from = 0;
  while (seen < text.length) {
    const sign = signs[at];
    if (sign === 'any') {
      star = at;
      from = seen;
      at += 1;
    } else if (sign !== undefined && (sign === 'one' || sign.text === text[seen])) {
      at += 1;
      seen += 1;
    } else if (star >= 0) {
      // The last % takes in one more.
      from += 1;
      seen = from;
      at = star + 1;
    } else return false;
  }
  return signs.slice(at).every((sign) => sign === 'any');
}

type Sign = 'any' | 'one' | { text: string };

function parsed(pattern: string): Sign[] {
  const signs: Sign[] = [];
  for (let i = 0; i < pattern.length; i += 1) {
    const sign = pattern[i] ?? '';
    if (sign === '%') signs.push('any');
    else if (sign === '_') signs.push('one');
    else {
      const isEscape = sign === '\\' && i + 1 < pattern.length;
      if (isEscape) i += 1;
      signs.push({ text: pattern[i] ?? '' });
    }
  }
  return signs;
}
