import type { Page } from './document.ts';
import { formToken } from './forgery.ts';
import { html } from './markup.ts';
import type { Outcome } from './outcome.ts';
import type { TestReport } from './ports.ts';
import { reportView } from './report-view.ts';

/** The same for every link that is of no use: whether it was ever one, only its owner knows. */
export const GONE: Page = {
  title: 'This link does not work',
  main: html`<h1>This link does not work</h1>
<p>It was used already, its time is over, another browser has opened it, or it is not a link of ours.</p>
<p>Go back to your conversation and ask for a new one.</p>`,
};

export const REFUSED: Page = {
  title: 'Not taken',
  main: html`<h1>That was not taken</h1>
<p>The form did not come from a page of this server as this browser was given it. Open the link from your conversation again.</p>`,
};

export const TOO_LARGE: Page = {
  title: 'Too much',
  main: html`<h1>That is too much</h1>
<p>All fields together hold at most 256 KiB. A key file is far smaller: perhaps it was another file.</p>`,
};

export const UNREADABLE: Page = {
  title: 'Not understood',
  main: html`<h1>That was not understood</h1>
<p>Open the link from your conversation again.</p>`,
};

export const FAULT: Page = {
  title: 'A fault',
  main: html`<h1>Something went wrong in Headwater</h1>
<p>What you entered was not kept. Try again, or ask for a new link in your conversation.</p>`,
};

/** Before the page is opened for good: shown for every link alike, and to programs that look at links. */
export function doorPage(goesOnTo?: string): Page {
  return {
    title: 'Hand over credentials',
    main: html`<h1>Hand over credentials</h1>
<p>This page belongs to one browser: the one that opens it now.</p>
<form method="post" action=""><button type="submit" name="_action" value="open">Open the page</button></form>`,
    ...(goesOnTo === undefined ? {} : { goesOnTo }),
  };
}

/** Where a server has more than one user, the page is for the one that asked for it. */
export function signInPage(cookie: string, problem?: string): Page {
  return {
    title: problem === undefined ? 'Sign in' : 'Please check: sign in',
    main: html`<h1>Sign in</h1>
<p>This page is for whoever asked for it. Show that you are: enter the access token that your MCP client uses for Headwater. It is used to recognise you, and not kept.</p>
<form method="post" action="" autocomplete="off">
<input type="hidden" name="_token" value="${formToken(cookie, 'sign_in')}">
<div class="field${problem !== undefined && ' wrong'}">
<label for="access-token">Access token</label>
<p class="quiet" id="access-token-note">It begins with hw_.</p>
<p class="problem" id="access-token-problem"${problem !== undefined && html` role="alert"`}>${problem}</p>
<input type="password" id="access-token" name="access_token" autocomplete="off" spellcheck="false" autofocus aria-describedby="access-token-note access-token-problem"${problem !== undefined && html` aria-invalid="true"`}>
</div>
<p class="actions"><button type="submit" name="_action" value="sign_in">Sign in</button></p>
</form>`,
  };
}

/** Something is out of order on our side, in our own words. */
export function troublePage(message: string): Page {
  return {
    title: 'Not now',
    main: html`<h1>This does not work now</h1>
<p>${message}</p>
<p>What you entered was not kept. Try again in a moment, or ask in your conversation.</p>`,
  };
}

/** The end: what was given is there. `what`: the form's title. */
export function donePage(what: string, report?: TestReport): Page {
  return {
    title: 'Done',
    main: html`<h1>Done: return to your conversation</h1>
<p class="good">${report?.headline ?? `${what}: handed over.`}</p>
<p>Headwater keeps what you gave encrypted. The conversation hears only that it is there. You can close this page.</p>
${report && html`<details><summary>What was tested</summary>${reportView(report)}</details>`}`,
  };
}

/** A provider's sign-in is on another site: a form's policy would not let a redirect go there, a page may. */
export function onwardsPage(provider: string, url: string): Page {
  return {
    title: `Sign in with ${provider}`,
    main: html`<h1>Sign in with ${provider}</h1>
<p><a href="${url}" rel="noreferrer">Go on to ${provider}</a></p>`,
    goesOnTo: url,
  };
}

/** Back from a provider, and not at the end. `back`: the form, as this page's address leads to it. */
export function unfinishedPage({ problems, report }: Omit<Outcome, 'skippable'>, back: string): Page {
  return {
    title: 'Please check: sign in',
    main: html`<h1>The sign-in did not lead to the end</h1>
<div class="alarm" role="alert"><ul>${problems.map(({ message }) => html`<li>${message}</li>`)}</ul></div>
<p><a href="${back}">Back to the form</a></p>
${report && reportView(report)}`,
  };
}
