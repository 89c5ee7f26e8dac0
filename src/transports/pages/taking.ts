import type { CredentialForm, Opener } from '../../sources/credential-form.ts';
import { isFormToken } from './forgery.ts';
import { formPage, titleOf } from './form-view.ts';
import { answerPage, wantsEvents } from './headers.ts';
import { missingIn, type Outcome, outcomeOf, outcomeOfError, valuesOf } from './outcome.ts';
import type { Handover, SubmitHooks, TestReport } from './ports.ts';
import { donePage, GONE } from './short-pages.ts';
import { streamTo } from './stream.ts';
import type { Visitor } from './visit.ts';

type Values = Readonly<Record<string, string>>;
type Taken = { outcome: Outcome } | { done: true; report?: TestReport } | undefined;

/** Takes what a person gave, and answers with what came of it: as a whole page, or to its script as it happens. */
export async function takeValues(
  handover: Handover,
  visitor: Visitor,
  opener: Opener,
  cookie: string,
  fields: URLSearchParams,
): Promise<void> {
  const { response, nonce } = visitor;
  const form = await waitingForm(handover, visitor, opener);
  if (!form) return;
  const stream = wantsEvents(response) ? streamTo(response) : undefined;
  const left = new AbortController();
  response.once('close', () => left.abort());
  const values = valuesOf(form, fields);
  const taken = await attempt(form, values, (hooks) => handover.submit(nonce, opener, values, hooks), {
    signal: left.signal,
    onStep: (step) => stream?.step(step),
    skipTest: isFormToken(fields.get('_without_test'), cookie, 'without_test'),
  });
  if (response.destroyed) return;
  if (!taken) return stream ? stream.page(GONE) : answerPage(response, GONE, { status: 404 });
  if ('done' in taken) {
    const page = donePage(titleOf(form), taken.report);
    return stream ? stream.page(page) : answerPage(response, page);
  }
  showOutcome(visitor, { form, cookie, values, outcome: taken.outcome });
}

/** The form of a page that still waits; where it does not, the answer says what there is instead. */
export async function waitingForm(
  handover: Handover,
  { response, nonce }: Pick<Visitor, 'response' | 'nonce'>,
  opener: Opener,
): Promise<CredentialForm | undefined> {
  const opened = await handover.open(nonce, opener);
  if (opened?.form.state === 'waiting') return opened.form;
  if (opened) answerPage(response, donePage(titleOf(opened.form)));
  else answerPage(response, GONE, { status: 404 });
  return undefined;
}

/** What is to be corrected, on the page again or to its script. */
export function showOutcome(
  { response, origin, exposed }: Visitor,
  { form, cookie, values, outcome }: { form: CredentialForm; cookie: string; values: Values; outcome: Outcome },
): void {
  if (wantsEvents(response)) streamTo(response).outcome(form, cookie, outcome);
  else answerPage(response, formPage({ form, cookie, values, outcome, origin, exposed }), { status: 422 });
}

async function attempt(
  form: CredentialForm,
  values: Values,
  submit: (hooks: SubmitHooks) => ReturnType<Handover['submit']>,
  hooks: SubmitHooks,
): Promise<Taken> {
  const problems = missingIn(form, values);
  if (problems.length > 0) return { outcome: { problems, skippable: false } };
  try {
    const submitted = await submit(hooks);
    if (!submitted || submitted.state === 'locked') return undefined;
    if (submitted.state === 'waiting') return { outcome: outcomeOf(form, submitted) };
    return { done: true, ...(submitted.report ? { report: submitted.report } : {}) };
  } catch (thrown) {
    return { outcome: outcomeOfError(thrown) };
  }
}
