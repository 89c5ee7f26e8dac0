import { html, type Markup } from './markup.ts';
import type { TestReport, TestStep } from './ports.ts';

const WORDS: Readonly<Record<TestStep['status'], string>> = {
  pass: 'passed',
  warn: 'warning',
  fail: 'failed',
  skip: 'not tested',
};
const SIGNS: Readonly<Record<TestStep['status'], string>> = { pass: '✓', warn: '!', fail: '✗', skip: '–' };

/** Whom a step names, where it is not the person at the page. */
const ACTORS: Readonly<Record<string, string>> = {
  dba: 'the database administrator',
  network_admin: 'the network administrator',
  cloud_admin: 'the cloud administrator',
  vendor: 'the vendor',
};

/** One line on a step for those who hear the page. */
export function spokenStep({ title, status }: TestStep): string {
  return `${title}: ${WORDS[status]}.`;
}

export function stepView(step: TestStep): Markup {
  const { title, status, ms, message, evidence, fix, because, actor = '' } = step;
  const whose = status === 'fail' ? ACTORS[actor] : undefined;
  return html`<li class="step ${status}"><span class="sign" aria-hidden="true">${SIGNS[status]}</span><div>
<p><strong>${title}</strong> <span class="word">${WORDS[status]}${status !== 'skip' && html` · ${Math.round(ms)} ms`}</span></p>
${message !== undefined && html`<p>${message.replace(/[.]$/, '')}.</p>`}
${evidence !== undefined && html`<p class="quiet">${evidence}</p>`}
${status === 'skip' && because !== undefined && / /.test(because) && html`<p class="quiet">${because}</p>`}
${fix && html`<p>${whose !== undefined && html`For ${whose}: `}${fix.text}</p>`}
${fix?.sql !== undefined && html`<pre tabindex="0">${fix.sql}</pre>`}
${fix?.command !== undefined && html`<pre tabindex="0">${fix.command}</pre>`}
</div></li>`;
}

/** The whole of a test, as the conversation gets it too. */
export function reportView({ headline, steps, handoff = [] }: TestReport): Markup {
  return html`<h2>The test</h2>
<p>${headline}</p>
<ol class="steps">${steps.map(stepView)}</ol>
${handoff.map(
  ({ actor, text }) =>
    html`<details><summary>Ready to send to ${ACTORS[actor] ?? actor}</summary><pre tabindex="0">${text}</pre></details>`,
)}`;
}
