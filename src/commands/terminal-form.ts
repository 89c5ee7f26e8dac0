import type { CredentialForm, FormField, Submitted } from '../sources/credential-form.ts';
import type { Asker } from './asker.ts';
import type { Output } from './output/output.ts';
import { table } from './output/table.ts';
import { plain } from './output/text.ts';
import { readSecretFile } from './secret-file.ts';

export type Values = Readonly<Record<string, string>>;

const CONNECTION_STRING = 'connection_string';

/** What the person reads before anything is asked: for whom, and where secrets will go. */
export function headLines(out: Output, form: CredentialForm): string[] {
  const { connector, platform, source, known, matchCode } = form;
  const subject = `${connector}${platform === undefined ? '' : ` on ${platform}`}`;
  const columns = [
    { text: ({ title }: Known) => plain(title), style: () => 'dim' as const },
    { text: ({ value }: Known) => plain(value), fit: 'wrap' as const },
  ];
  return [
    out.paint(
      'bold',
      source === undefined ? `Credentials for ${subject}` : `New credentials for ${plain(source)} (${subject})`,
    ),
    `Your conversation must show the code ${out.paint('bold', matchCode)}. If it shows another one, stop here with Ctrl-C.`,
    '',
    ...table(out, columns, known, { indent: 2 }),
    '',
  ];
}

type Known = CredentialForm['known'][number];

/**
 * Asks for the fields of a form. `before`: what was given already, and `wrong`: the fields of it that are asked for again;
 * all of them where it names none of the form.
 * @throws HeadwaterError CANCELLED
 */
export async function askFields(
  asker: Asker,
  form: CredentialForm,
  before: Values = {},
  wrong: ReadonlySet<string> = new Set(),
): Promise<Values> {
  const again = form.fields.filter(({ path }) => wrong.has(path));
  const isPartly = again.length > 0 && before[CONNECTION_STRING] === undefined;
  if (form.takesConnectionString && !isPartly) {
    const { text } = await asker.hidden('Connection string, if you have one (Enter: field by field): ');
    if (text.trim() !== '') return { [CONNECTION_STRING]: text.trim() };
  }
  const values: Record<string, string> = isPartly ? { ...before } : {};
  for (const field of isPartly ? again : form.fields) {
    const value = await askField(asker, field);
    if (value === undefined) delete values[field.path];
    else values[field.path] = value;
  }
  return values;
}

/** @returns undefined for an optional field that is left empty */
async function askField(asker: Asker, field: FormField): Promise<string | undefined> {
  for (;;) {
    const value = field.secret ? await askSecret(asker, field) : await askOpenly(asker, field);
    if (value !== '' && value !== undefined) return value;
    if (value === '' && !field.required) return undefined;
    if (value === '') asker.say(`${plain(field.title)} is required.`);
  }
}

/** @returns undefined where it is to be asked for again */
async function askOpenly(asker: Asker, { title, options, value }: FormField): Promise<string | undefined> {
  const choices = options ? ` (${options.join(', ')})` : '';
  const standard = value === undefined ? '' : ` [${plain(value)}]`;
  const given = (await asker.open(`${plain(title)}${choices}${standard}: `)) || (value ?? '');
  if (!options || given === '' || options.includes(given)) return given;
  asker.say(`One of ${options.join(', ')}.`);
  return undefined;
}

async function askSecret(asker: Asker, { title, multiline, required }: FormField): Promise<string | undefined> {
  const optional = required ? '' : ', if there is one';
  if (multiline) {
    const path = await asker.open(`${plain(title)}${optional}: path of its file (Enter: paste it): `);
    if (path !== '') {
      const read = await readSecretFile(path);
      if ('text' in read) return read.text;
      asker.say(read.why);
      return undefined;
    }
  }
  const { text, cutOff } = await asker.hidden(`${plain(title)}${optional} (not shown): `);
  if (!cutOff) return text;
  asker.say('Several lines were pasted, and this terminal does not keep them together. Give the path of a file.');
  return undefined;
}

/** What is wrong with what was given, each with the field's title. */
export function problemLines(form: CredentialForm, { problems }: Pick<Submitted, 'problems'>): string[] {
  const titles = new Map(form.fields.map(({ path, title }) => [path, title]));
  return problems.map(({ path, message }) => {
    const title = titles.get(path) ?? path;
    return plain(title === '' ? message : `${title}: ${message}`);
  });
}
