import type { Opener } from '../../sources/credential-form.ts';
import { answerOnwards, answerPage } from './headers.ts';
import { outcomeOf, valuesOf } from './outcome.ts';
import type { Handover } from './ports.ts';
import { donePage, GONE, unfinishedPage } from './short-pages.ts';
import { showOutcome, waitingForm } from './taking.ts';
import type { Visitor } from './visit.ts';

/** What stands in a path in place of a link's nonce where a provider sends people back to. No nonce is this short. */
export const CALLBACK = 'callback';
/** How long somebody may take to sign in: no longer than the page lives. */
const SECONDS = 600;

/** From the form to the provider, with what was typed. */
export async function goToProvider(
  handover: Handover,
  visitor: Visitor,
  opener: Opener,
  cookie: string,
  fields: URLSearchParams,
): Promise<void> {
  const { response, nonce, origin, callbackJar } = visitor;
  const form = await waitingForm(handover, visitor, opener);
  if (!form) return;
  const values = valuesOf(form, fields);
  const begun = await handover.startSignIn(nonce, opener, origin, values, untilClosed(visitor));
  if (!begun) return answerPage(response, GONE, { status: 404 });
  if ('problems' in begun) {
    const outcome = outcomeOf(form, { state: 'waiting', problems: begun.problems });
    return showOutcome(visitor, { form, cookie, values, outcome });
  }
  const { redirect, token } = begun;
  answerOnwards(
    response,
    form.signIn?.provider ?? 'the provider',
    redirect,
    callbackJar.set('provider', token, SECONDS),
  );
}

/** Back from the provider. The cookies of the form's page do not come along from there: a link leads on to it. */
export async function comeBack(handover: Handover, visitor: Visitor): Promise<void> {
  const { request, response, origin, callbackJar } = visitor;
  const query = new URLSearchParams(request.url?.split('?', 2)[1] ?? '');
  const finished = await handover.finishSignIn(query, origin, callbackJar.get('provider'), untilClosed(visitor));
  if (!finished) return answerPage(response, GONE, { status: 404 });
  const { nonce, submitted } = finished;
  if (submitted.state !== 'waiting') return answerPage(response, donePage('The sign-in', submitted.report));
  const problems = submitted.problems.map(({ message }) => ({ message }));
  const { report } = submitted;
  answerPage(response, unfinishedPage({ problems, ...(report ? { report } : {}) }, nonce), { status: 422 });
}

function untilClosed({ response }: Visitor): AbortSignal {
  const left = new AbortController();
  response.once('close', () => left.abort());
  return left.signal;
}
