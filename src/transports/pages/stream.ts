import type { ServerResponse } from 'node:http';
import type { CredentialForm } from '../../sources/credential-form.ts';
import type { Page } from './document.ts';
import { idOf } from './fields-view.ts';
import { skipView, summaryView, titleOf } from './form-view.ts';
import { answerPage, EVENTS, pageEvent, SAFE_HEADERS } from './headers.ts';
import { NOTHING } from './markup.ts';
import type { Outcome } from './outcome.ts';
import type { TestStep } from './ports.ts';
import { reportView, spokenStep, stepView } from './report-view.ts';

/** The same as the page, one line of JSON for each thing that happens, for the script that is on it already. */
export interface Stream {
  step(step: TestStep): void;
  outcome(form: CredentialForm, cookie: string, outcome: Outcome): void;
  page(page: Page): void;
}

export function streamTo(response: ServerResponse): Stream {
  const write = (is: string, event: object) => {
    if (!response.headersSent) {
      // A proxy that collects an answer first would show all steps at the end.
      response.writeHead(200, { ...SAFE_HEADERS, 'content-type': EVENTS, 'x-accel-buffering': 'no' });
    }
    response.write(`${JSON.stringify({ is, ...event })}\n`);
  };
  return {
    step: (step) => write('step', { step: stepView(step).toString(), say: spokenStep(step) }),
    outcome(form, cookie, { problems, report, skippable }) {
      write('outcome', {
        title: `Please check: ${titleOf(form)} · Headwater`,
        summary: String(summaryView(form, problems) ?? NOTHING),
        report: String(report ? reportView(report) : NOTHING),
        skip: String(skippable ? skipView(cookie) : NOTHING),
        problems: Object.fromEntries(
          problems.flatMap(({ path, message }) => (path === undefined ? [] : [[idOf(form, path), message]])),
        ),
      });
      response.end();
    },
    page(page) {
      if (response.headersSent) response.end(pageEvent(page));
      else answerPage(response, page);
    },
  };
}
