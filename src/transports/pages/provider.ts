import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Opener } from '../../sources/credential-form.ts';
import { jarOf } from './cookies.ts';
import { formPage } from './form-view.ts';
import { answerPage } from './headers.ts';
import { missingIn, outcomeOf, valuesOf } from './outcome.ts';
import type { Handover } from './ports.ts';
import { GONE, notSignedInPage, onwardsPage, signedInPage, UNREADABLE } from './short-pages.ts';
import type { Visitor } from './visit.ts';

/** Stands in the place of a nonce, and is shorter than any. */
export const CALLBACK = 'callback';
/** As long as a page lives. */
const SECONDS = 600;
/** The exchange and the test; it goes on when the person leaves, since a code is good once. */
const LIMIT_MS = 60_000;

export interface ProviderParts {
  handover: Handover;
  /** Where the pages are, as a path: `/credentials/`. */
  folder: string;
  isSecure: boolean;
  publicUrl: URL | undefined;
}

/** Signing in at a provider: there from the page, and back to the callback. */
export function createProviderPages({ handover, folder, isSecure, publicUrl }: ProviderParts) {
  // Host has been judged: it is a name that this server may be called by.
  const baseOf = ({ headers }: IncomingMessage) => publicUrl?.href.replace(/\/$/, '') ?? `http://${headers.host}`;
  const jar = (request: IncomingMessage) => jarOf(request, folder + CALLBACK, isSecure);

  return {
    async leave(visitor: Visitor, opener: Opener, cookie: string, fields: URLSearchParams): Promise<void> {
      const { request, response, nonce, exposed } = visitor;
      const opened = await handover.open(nonce, opener);
      if (!opened) return answerPage(response, GONE, { status: 404 });
      const { form } = opened;
      const values = valuesOf(form, fields);
      const missing = missingIn(form, values);
      const begun =
        missing.length > 0
          ? undefined
          : await handover.signIn?.(nonce, opener, baseOf(request), values, AbortSignal.timeout(LIMIT_MS));
      if (missing.length === 0 && begun === undefined) return answerPage(response, GONE, { status: 404 });
      if (begun && 'redirect' in begun) {
        const page = onwardsPage(form.signIn?.provider ?? 'the provider', begun.redirect);
        return answerPage(response, page, { cookies: [jar(request).set('callback', begun.token, SECONDS)] });
      }
      const outcome = begun
        ? outcomeOf(form, { state: 'waiting', problems: begun.problems })
        : { problems: missing, skippable: false };
      answerPage(response, formPage({ form, cookie, values, outcome, exposed }), { status: 422 });
    },

    async comeBack(request: IncomingMessage, response: ServerResponse): Promise<void> {
      if (request.method !== 'GET') return answerPage(response, UNREADABLE, { status: 405, headers: { allow: 'GET' } });
      const { searchParams } = new URL(request.url ?? '', 'http://localhost');
      const token = jar(request).get('callback');
      const back = await handover.signedIn?.(searchParams, baseOf(request), token, AbortSignal.timeout(LIMIT_MS));
      if (!back) return answerPage(response, GONE, { status: 404 });
      const cookies = [jar(request).set('callback', 'used', 0)];
      const { nonce, submitted } = back;
      const isDone = submitted.state === 'ready';
      answerPage(response, isDone ? signedInPage(submitted) : notSignedInPage(nonce, submitted), {
        cookies,
        status: isDone ? 200 : 422,
      });
    },
  };
}
