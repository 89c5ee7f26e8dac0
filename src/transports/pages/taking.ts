import type { CredentialForm, Opener } from '../../sources/credential-form.ts';
import { isFormToken } from './forgery.ts';
import { formPage } from './form-view.ts';
import { answerPage, wantsEvents } from './headers.ts';
import { missingIn, type Outcome, outcomeOf, outcomeOfError, valuesOf } from './outcome.ts';
import type { Handover, SubmitHooks, TestReport } from './ports.ts';
import { donePage, GONE } from './short-pages.ts';
import { streamTo } from './stream.ts';
import type { Visitor } from './visit.ts';

type Taken = { outcome: Outcome } | { done: true; report?: TestReport } | undefined;

/** Takes what a person gave, and answers with what came of it: as a whole page, or to its script as it happens. */
export async function takeValues(
  handover: Handover,
  { response, nonce, exposed }: Visitor,
  opener: Opener,
  cookie: string,
  fields: URLSearchParams,
): Promise<void> {
  const opened = await handover.open(nonce, opener);
  if (!opened) return answerPage(response, GONE, { status: 404 });
  const { form } = opened;
  if (form.state !== 'waiting') return answerPage(response, donePage(form));

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
    const page = donePage(form, taken.report);
    return stream ? stream.page(page) : answerPage(response, page);
  }
  const { outcome } = taken;
  if (stream) return stream.outcome(form, cookie, outcome);
  answerPage(response, formPage({ form, cookie, values, outcome, exposed }), { status: 422 });
}

async function attempt(
  form: CredentialForm,
  values: Readonly<Record<string, string>>,
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
