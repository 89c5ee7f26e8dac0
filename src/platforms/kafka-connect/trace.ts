const LONGEST = 400;
/** Nothing a person could act on. */
const EMPTY = /^(null|java\.[\w.]+|)$/;
const LEADING = /^(Caused by: )?(?<type>(?:[a-z_][\w$]*\.)+[A-Z][\w$]*)(?:: (?<text>[\s\S]*))?$/;

/**
 * The one line of a Java stack trace that says what happened: the innermost cause that has a message,
 * `PSQLException: FATAL: password authentication failed for user "debezium"`.
 */
export function causeOf(trace: string): string {
  const causes = headlines(trace).map(readable);
  const told = causes.filter(({ text }) => !EMPTY.test(text.trim()));
  const best = told.at(-1) ?? causes.at(-1);
  if (!best) return trace.trim().split('\n')[0]?.slice(0, LONGEST) ?? '';
  return [best.type, best.text]
    .filter((part) => part !== '')
    .join(': ')
    .slice(0, LONGEST);
}

/** Messages with the lines that belong to them, outermost first; frames left out. */
function headlines(trace: string): string[] {
  const found: string[] = [];
  let open = false;
  for (const line of trace.split(/\r?\n/)) {
    if (/^\s+(at |\.\.\. \d+ |Suppressed: )/.test(line)) open = false;
    else if (line.startsWith('Caused by: ') || found.length === 0) {
      found.push(line);
      open = true;
    } else if (open && line.trim() !== '') found.push(`${found.pop()} ${line.trim()}`);
  }
  return found;
}

function readable(line: string): { type: string; text: string } {
  const { type, text = '' } = LEADING.exec(line)?.groups ?? {};
  if (type === undefined) return { type: '', text: line.replace(/^Caused by: /, '') };
  // A cause without words of its own repeats its cause's: the class would stand there twice.
  const inner = LEADING.exec(text)?.groups;
  return inner?.['type'] ? readable(text) : { type: type.slice(type.lastIndexOf('.') + 1), text };
}
