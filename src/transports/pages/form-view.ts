import type { CredentialForm } from '../../sources/credential-form.ts';
import { CALLBACK_PATH } from '../../sources/sign-in-state.ts';
import type { Page } from './document.ts';
import { fieldsView, idOf } from './fields-view.ts';
import { formToken } from './forgery.ts';
import { html, type Markup } from './markup.ts';
import type { Outcome, Problem } from './outcome.ts';
import { reportView } from './report-view.ts';

export interface FormState {
  form: CredentialForm;
  /** The opener's cookie, which the form's tokens are made with. */
  cookie: string;
  /** By path; secrets among them are not shown again. */
  values?: Readonly<Record<string, string>>;
  outcome?: Outcome;
  /** What people see this server at. */
  origin: string;
  /** The page came over a network without encryption. */
  exposed: boolean;
}

/** The page that a person fills in. */
export function formPage({ form, cookie, values = {}, outcome, origin, exposed }: FormState): Page {
  const problems = outcome?.problems ?? [];
  const title = titleOf(form);
  const main = html`<h1>${title}</h1>
<div id="summary">${summaryView(form, problems, true)}</div>
${exposed && html`<p class="alarm"><strong>This page is not encrypted.</strong> Whoever is in the network between you and it can read what you enter. Ask for an https address.</p>`}
<section class="match" aria-labelledby="match-title">
<h2 id="match-title">Compare this code with your conversation</h2>
<p class="code" id="match-code">${form.matchCode}</p>
<p class="quiet">Your conversation shows the same code. If it does not, close this page and enter nothing.</p>
</section>
${knownView(form)}
<form id="form" method="post" action="" autocomplete="off" novalidate>
<input type="hidden" name="_token" value="${formToken(cookie, 'send')}">
<h2>What is needed</h2>
<p class="quiet">It goes to Headwater, which tests it and keeps it encrypted. The conversation and its model never see it.</p>
${fieldsView(form, values, problems)}
${buttonsView(form, origin)}
<div id="skip" class="actions">${outcome?.skippable === true && skipView(cookie)}</div>
</form>
<section id="report" aria-label="The test">${outcome?.report && reportView(outcome.report)}</section>
<p class="quiet" id="expiry">This page can be used until <time datetime="${form.expiresAt}">${timeOf(form.expiresAt)}</time>.</p>`;
  return { title: problems.length > 0 ? `Please check: ${title}` : title, main, tellsOrigin: exposed };
}

export function titleOf({ connector, platform, source }: CredentialForm): string {
  const where = platform === undefined ? '' : ` on ${platform}`;
  return source === undefined
    ? `Credentials for ${connector}${where}`
    : `Credentials of ${source} (${connector}${where})`;
}

/** What is to be corrected, each with the way to its field. `focused`: it comes with the page. */
export function summaryView(form: CredentialForm, problems: readonly Problem[], focused = false): Markup | undefined {
  if (problems.length === 0) return undefined;
  return html`<div class="alarm" role="alert" tabindex="-1" id="problems"${focused && html` autofocus`}>
<h2>Please check</h2>
<ul>${problems.map(({ path, message }) => html`<li>${path === undefined ? message : html`<a href="#${idOf(form, path)}">${named(form, path, message)}</a>`}</li>`)}</ul>
</div>`;
}

/** The same may be wrong with several fields: each is named. */
function named({ fields }: CredentialForm, path: string, message: string): string {
  const title = fields.find((field) => field.path === path)?.title ?? 'Connection string';
  return message.includes(title) ? message : `${title}: ${message}`;
}

/** The button names a token of its own: it works only where a page has offered it. */
export function skipView(cookie: string): Markup {
  return html`<p class="quiet">From here the test cannot tell whether these credentials are right.</p>
<button type="submit" class="second" name="_without_test" value="${formToken(cookie, 'without_test')}">Give it without a test</button>`;
}

function knownView({ known }: CredentialForm): Markup | undefined {
  if (known.length === 0) return undefined;
  return html`<table><caption>Where it goes</caption><tbody>
${known.map(({ title, value }) => html`<tr><th scope="row">${title}</th><td>${value}</td></tr>`)}
</tbody></table>`;
}

function buttonsView({ signIn }: CredentialForm, origin: string): Markup {
  const send = html`<p class="actions"><button type="submit" id="send">Test and hand over</button></p>`;
  if (!signIn) return send;
  // What is typed goes along: it may be the client that the provider knows.
  return html`${!signIn.only && send}
<p class="quiet">Your client at ${signIn.provider} must have this redirect address registered: <code>${origin + CALLBACK_PATH}</code></p>
<p class="actions"><button type="submit" name="_action" value="provider"${signIn.only ? html` id="send"` : html` class="second"`}>Sign in with ${signIn.provider}</button></p>`;
}

/** In UTC, for those without a script; with one, the page says it in the reader's own time. */
function timeOf(iso: string): string {
  return `${iso.slice(11, 16)} UTC`;
}
