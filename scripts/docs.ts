/** Writes README's generated tables and the manifests from the code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { ERROR_CODES } from '../src/errors.ts';
import { PROBLEMS } from '../src/probes/problems/index.ts';
import { SCHEMES } from '../src/secrets/references.ts';
import { variableTable } from '../src/settings.ts';
import { TOOLS } from '../src/tools/index.ts';
import { MANIFESTS } from './manifests.ts';

const README = new URL('../README.md', import.meta.url);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const facts = { host: 'HOST', port: 0, username: 'USER', database: 'DATABASE', server: 'SERVER', what: '…', fix: '' };
const sentence = (text: string) => text.replace('HOST:0', 'HOST:PORT').replace(/\.?$/, '');

/** Section name → its table. A section stands between `<!-- name -->` and `<!-- /name -->`. */
const SECTIONS: Readonly<Record<string, string>> = {
  tools: table(
    ['tool', 'what it is for', 'writes'],
    TOOLS.map(({ name, description, annotations }) => [
      `\`${name}\``,
      description.split(/(?<=\.) /)[0] ?? '',
      annotations.readOnlyHint ? '' : 'yes',
    ]),
  ),
  configuration: table(
    ['variable', 'default', 'meaning'],
    variableTable().map(({ name, standard, meaning }) => [`\`${name}\``, standard, meaning]),
  ),
  references: table(
    ['reference', 'what it reads', 'what an operator opens'],
    Object.values(SCHEMES).map(({ form, reads, opened }) => [`\`${form}\``, reads, opened]),
  ),
  errors: table(
    ['code', 'meaning', 'try again'],
    Object.entries(ERROR_CODES).map(([code, { meaning, retryable }]) => [
      `\`${code}\``,
      meaning,
      retryable ? 'yes' : '',
    ]),
  ),
  problems: table(
    ['code', 'what it says', 'who'],
    Object.entries(PROBLEMS).map(([code, kind]) => [
      `\`${code}\``,
      sentence(kind.says(facts)),
      kind.actor.replace('_', ' '),
    ]),
  ),
};

/** A README with its generated sections made anew. */
export function withSections(text: string): string {
  return Object.entries(SECTIONS).reduce((rest, [name, content]) => {
    const section = new RegExp(`<!-- ${name} -->[\\s\\S]*?<!-- /${name} -->`);
    if (!section.test(rest)) throw new Error(`README has no section ${name}`);
    return rest.replace(section, () => `<!-- ${name} -->\n${content}\n<!-- /${name} -->`);
  }, text);
}

if (process.argv[1]?.endsWith('docs.js')) {
  writeFileSync(README, withSections(readFileSync(README, 'utf8')));
  for (const [file, text] of Object.entries(MANIFESTS)) writeFileSync(new URL(`../${file}`, import.meta.url), text);
}
