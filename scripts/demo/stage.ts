import { stripVTControlCharacters } from 'node:util';

/** How the demo is told: who speaks, what is called, what comes back. Knows nothing of Headwater. */
export interface Stage {
  title: (text: string) => void;
  /** Sets something up and says how long it took. */
  scene: <T>(what: string, work: () => Promise<T>) => Promise<T>;
  person: (text: string, answer?: string) => void;
  agent: (text: string) => void;
  call: (tool: string, args: Record<string, unknown>) => void;
  steps: (steps: readonly { title: string; status: string; ms: number; evidence?: string }[]) => void;
  rows: (rows: readonly (readonly string[])[]) => void;
  result: (text: string, ms: number) => void;
  done: (ms: number) => void;
  refusal: (code: string, message: string, hint: string | undefined, ms: number) => void;
  /** What must hold. The first that does not ends the demo. */
  check: (holds: boolean, otherwise: string) => void;
  end: (ms: number) => void;
}

const INDENT = '          ';

export function createStage(): Stage {
  const colours = process.stdout.isTTY === true && !process.env['NO_COLOR'];
  const paint = (code: number) => (text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  const [bold, dim, red, green, yellow, cyan] = [1, 2, 31, 32, 33, 36].map(paint) as [
    Paint,
    Paint,
    Paint,
    Paint,
    Paint,
    Paint,
  ];
  const marks: Record<string, string> = { pass: green('✓'), warn: yellow('!'), fail: red('✗') };
  const width = Math.min(process.stdout.columns ?? 110, 120);
  const line = (text = '') => process.stdout.write(`${text}\n`);
  const time = (ms: number) => dim(`${ms.toFixed(0)} ms`);
  const wrapped = (text: string, indent = INDENT) => wrap(text, width - indent.length).join(`\n${indent}`);

  return {
    title: (text) => line(`\n${bold(text)}\n`),
    async scene(what, work) {
      const begun = performance.now();
      const made = await work();
      line(`${dim('·')} ${what} ${time(performance.now() - begun)}`);
      return made;
    },
    person: (text, answer) =>
      line(`\n${yellow('person')}    ${wrapped(text)}${answer === undefined ? '' : ` ${dim('→')} ${answer}`}`),
    agent: (text) => line(`\n${cyan('agent')}     ${wrapped(text)}`),
    call: (tool, args) =>
      line(`${INDENT}${dim('→')} ${bold(tool)} ${dim(cut(JSON.stringify(args), width - tool.length - 14))}`),
    steps: (steps) => {
      for (const { title, status, ms, evidence } of steps) {
        line(
          `${INDENT}  ${marks[status] ?? '–'} ${title.padEnd(26)} ${dim(`${ms.toFixed(1).padStart(6)} ms`)}  ${cut(evidence ?? '', width - 52)}`,
        );
      }
    },
    rows: (rows) => {
      const widths = rows.reduce<number[]>(
        (most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)),
        [],
      );
      for (const row of rows)
        line(
          `${INDENT}  ${row
            .map((cell, i) => cell.padEnd(widths[i] ?? 0))
            .join('  ')
            .trimEnd()}`,
        );
    },
    result: (text, ms) => line(`${INDENT}${dim('←')} ${wrapped(text, `${INDENT}  `)} ${time(ms)}`),
    done: (ms) => line(`${INDENT}${dim('←')} ${time(ms)}`),
    refusal: (code, message, hint, ms) => {
      line(`${INDENT}${dim('←')} ${red(code)} ${time(ms)}`);
      line(`${INDENT}  ${wrapped(hint ? `${message} ${hint}` : message, `${INDENT}  `)}`);
    },
    check(holds, otherwise) {
      if (holds) return;
      line(red(`\nNot as it should be: ${otherwise}`));
      process.exit(1);
    },
    end: (ms) => line(`\n${green('✓')} All answers were as they should be. ${dim(`${(ms / 1000).toFixed(1)} s`)}\n`),
  };
}

type Paint = (text: string) => string;

function cut(text: string, length: number): string {
  const plain = stripVTControlCharacters(text);
  return plain.length > length ? `${plain.slice(0, Math.max(1, length - 1))}…` : plain;
}

function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}
