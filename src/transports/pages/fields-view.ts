import type { CredentialForm, FormField } from '../../sources/credential-form.ts';
import { html, type Markup } from './markup.ts';
import { CONNECTION_STRING, nameOf, type Problem } from './outcome.ts';

/** The id of a field's input. */
export function idOf({ fields }: CredentialForm, path: string): string {
  return path === CONNECTION_STRING ? 'whole' : `field-${fields.findIndex((field) => field.path === path)}`;
}

type Values = Readonly<Record<string, string>>;

/** All inputs of a form. One that signing in alone can fill has none. */
export function fieldsView(form: CredentialForm, values: Values, problems: readonly Problem[]): Markup {
  const problemOf = (path: string) => problems.find((problem) => problem.path === path)?.message;
  return html`${form.takesConnectionString && stringView(problemOf(CONNECTION_STRING))}
${form.fields.map((field) => fieldView(field, idOf(form, field.path), values[field.path], problemOf(field.path)))}`;
}

const STRING_FIELD: FormField = {
  path: CONNECTION_STRING,
  title: 'Connection string',
  description: 'If you have one, paste it here in place of filling in the fields below.',
  secret: true,
  multiline: false,
  required: false,
};

function stringView(problem: string | undefined): Markup {
  return fieldView(STRING_FIELD, 'whole', undefined, problem);
}

function fieldView(field: FormField, id: string, given: string | undefined, problem: string | undefined): Markup {
  const { title, description, required, secret, multiline } = field;
  const note = [description, multiline ? 'Paste it whole, or drop its file here.' : ''].filter((text) => text !== '');
  return html`<div class="field${problem !== undefined && ' wrong'}">
<label for="${id}">${title}${!required && html` <span class="quiet">(optional)</span>`}</label>
<p class="quiet" id="${id}-note">${note.join(' ')}</p>
<p class="problem" id="${id}-problem">${problem}</p>
${inputView(field, id, given, problem !== undefined)}
${secret && html`<button type="button" class="small" data-shows="${id}" aria-pressed="false" hidden>Show<span class="unseen"> ${title}</span></button>`}
${multiline && html`<label class="small" for="${id}-file" data-file="${id}" hidden>Choose a file<span class="unseen"> for ${title}</span></label> <input type="file" class="unseen" id="${id}-file" data-fills="${id}" hidden>`}
</div>`;
}

function inputView(field: FormField, id: string, given: string | undefined, isWrong: boolean): Markup {
  const { path, secret, multiline, required, options, value = '' } = field;
  // What is secret is never sent back to a page, not even to the one it came from.
  const shown = secret ? '' : (given ?? value);
  const common = html`id="${id}" name="${nameOf(path)}" aria-describedby="${id}-note ${id}-problem"${isWrong && html` aria-invalid="true"`}${required && html` aria-required="true"`}`;
  const typing = html`autocomplete="off" autocapitalize="off" spellcheck="false"`;
  if (options) {
    return html`<select ${common}>
${!(required && options.includes(shown)) && html`<option value="">${required ? 'Please choose' : '—'}</option>`}
${options.map((option) => html`<option${option === shown && html` selected`}>${option}</option>`)}
</select>`;
  }
  if (multiline)
    return html`<textarea ${common} ${typing} rows="6"${secret && html` data-secret`}>
${shown}</textarea>`;
  return html`<input type="${secret ? 'password' : 'text'}" ${common} ${typing} value="${shown}">`;
}
