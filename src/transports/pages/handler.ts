import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HeadwaterError } from '../../errors.ts';
import type { Opener } from '../../sources/credential-form.ts';
import type { Authenticator } from '../http/authenticator.ts';
import { hostOf } from '../http/origin.ts';
import { jarOf } from './cookies.ts';
import { isFormToken } from './forgery.ts';
import { readForm } from './form-body.ts';
import { formPage, titleOf } from './form-view.ts';
import { answerPage } from './headers.ts';
import type { Handover } from './ports.ts';
import { CALLBACK, comeBack, goToProvider } from './provider.ts';
import {
  donePage,
  doorPage,
  FAULT,
  GONE,
  REFUSED,
  signInPage,
  TOO_LARGE,
  troublePage,
  UNREADABLE,
} from './short-pages.ts';
import { createSignIns, SIGN_IN_SECONDS } from './sign-in.ts';
import { takeValues } from './taking.ts';
import { isOwnForm, type Visitor, visitOf } from './visit.ts';

/** Serves the page of one link, `/credentials/<nonce>`. Whether Host is ours has been judged before. */
export type CredentialPages = (request: IncomingMessage, response: ServerResponse, nonce: string) => Promise<void>;

export interface PagesParts {
  handover: Handover;
  /** Who may open a page, where a server has users. */
  authenticator?: Pick<Authenticator, 'callerOf' | 'revoked'>;
  /** What people see this server at, where that is not what it listens on. */
  publicUrl?: URL | undefined;
  now: () => Date;
  onFault: (error: unknown) => void;
}

const NONCE = /^[\w-]{1,200}$/;
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** Where a page is, below the address that people see the server at. */
export const PAGE_PATH = '/credentials/';

export function createCredentialPages({
  handover,
  authenticator,
  publicUrl,
  now,
  onFault,
}: PagesParts): CredentialPages {
  const signIns = authenticator && createSignIns({ authenticator, now });
  const isSecure = publicUrl?.protocol === 'https:';
  const prefix = publicUrl?.pathname.replace(/\/$/, '') ?? '';
  const folder = prefix + PAGE_PATH;

  /** Who it is, as the hand-over wants to know it; `undefined` where they have to sign in. */
  const openerOf = async ({ jar }: Visitor): Promise<Opener | undefined> => {
    const token = jar.get('opener');
    if (!signIns) return { token };
    const caller = await signIns.who(jar.get('sign_in'));
    if (!caller) return undefined;
    const { tenant, subject } = caller.principal;
    return { token, principal: { tenant, subject } };
  };

  const askToSignIn = ({ response, jar, exposed }: Visitor, problem?: string) => {
    const cookie = jar.get('sign_in') ?? randomBytes(32).toString('base64url');
    const cookies = [jar.set('sign_in', cookie, SIGN_IN_SECONDS)];
    const page = { ...signInPage(cookie, problem), tellsOrigin: exposed };
    answerPage(response, page, { cookies, status: problem === undefined ? 200 : 422 });
  };

  const signIn = async (visitor: Visitor, fields: URLSearchParams) => {
    const { response, jar, nonce } = visitor;
    const cookie = jar.get('sign_in');
    if (!signIns || cookie === undefined || !isFormToken(fields.get('_token'), cookie, 'sign_in')) {
      return answerPage(response, REFUSED, { status: 403 });
    }
    const fresh = await signIns.accept(fields.get('access_token') ?? '');
    if (fresh === undefined) return askToSignIn(visitor, 'This is not an access token of this server.');
    // By name, so that the browser finds it below whatever a proxy has put before us.
    const headers = { location: nonce };
    answerPage(response, doorPage(), { status: 303, cookies: [jar.set('sign_in', fresh, SIGN_IN_SECONDS)], headers });
  };

  const open = async (visitor: Visitor) => {
    const { response, nonce, jar, origin, exposed } = visitor;
    const opener = await openerOf(visitor);
    if (!opener) return askToSignIn(visitor);
    const opened = await handover.open(nonce, opener);
    const cookie = opened?.token ?? opener.token;
    if (!opened || cookie === undefined) return answerPage(response, GONE, { status: 404 });
    const { form, token } = opened;
    const seconds = (Date.parse(form.expiresAt) - now().getTime()) / 1000;
    const cookies = token === undefined ? [] : [jar.set('opener', token, seconds)];
    answerPage(
      response,
      form.state === 'waiting' ? formPage({ form, cookie, origin, exposed }) : donePage(titleOf(form)),
      {
        cookies,
      },
    );
  };

  const get = async (visitor: Visitor) => {
    const { request, response, nonce, jar, exposed } = visitor;
    if (jar.get('opener') !== undefined) return await open(visitor);
    const visit = visitOf(request);
    if (visit === 'person') return await open(visitor);
    const wasHere = request.url?.endsWith('?go') === true;
    const door = visit === 'elsewhere' && !wasHere ? doorPage(`${nonce}?go`) : doorPage();
    answerPage(response, { ...door, tellsOrigin: exposed });
  };

  const post = async (visitor: Visitor) => {
    const { request, response } = visitor;
    if (!isOwnForm(request, publicUrl?.origin)) return answerPage(response, REFUSED, { status: 403 });
    const body = await readForm(request);
    if (!body) return;
    if ('refused' in body) {
      const page = body.refused === 413 ? TOO_LARGE : UNREADABLE;
      return answerPage(response, page, { status: body.refused, headers: { connection: 'close' } });
    }
    await act(visitor, body.fields);
  };

  const act = async (visitor: Visitor, fields: URLSearchParams) => {
    const { response, jar } = visitor;
    const action = fields.get('_action');
    if (action === 'open') return await open(visitor);
    if (action === 'sign_in') return await signIn(visitor, fields);
    const cookie = jar.get('opener');
    if (cookie === undefined || !isFormToken(fields.get('_token'), cookie, 'send')) {
      return answerPage(response, REFUSED, { status: 403 });
    }
    const opener = await openerOf(visitor);
    if (!opener) return askToSignIn(visitor);
    if (action === 'provider') return await goToProvider(handover, visitor, opener, cookie, fields);
    await takeValues(handover, visitor, opener, cookie, fields);
  };

  const visitorOf = (request: IncomingMessage, response: ServerResponse, nonce: string): Visitor => ({
    request,
    response,
    nonce,
    jar: jarOf(request, folder + nonce, isSecure),
    callbackJar: jarOf(request, folder + CALLBACK, isSecure),
    exposed: !isSecure && !LOOPBACK.test(hostOf(request.headers.host ?? '') ?? ''),
    // Behind a proxy, people see another address; else what they call us by has been judged to be ours.
    origin: publicUrl ? publicUrl.origin + prefix : `http://${request.headers.host}`,
  });

  const serve = async (visitor: Visitor) => {
    const { request, response, nonce } = visitor;
    if (nonce === CALLBACK && request.method === 'GET') await comeBack(handover, visitor);
    else if (request.method === 'GET') await get(visitor);
    else if (request.method === 'POST') await post(visitor);
    else answerPage(response, UNREADABLE, { status: 405, headers: { allow: 'GET, POST' } });
  };

  return async (request, response, nonce) => {
    if (!NONCE.test(nonce)) return answerPage(response, GONE, { status: 404 });
    try {
      await serve(visitorOf(request, response, nonce));
    } catch (error) {
      if (response.headersSent) response.destroy();
      else if (error instanceof HeadwaterError) answerPage(response, troublePage(error.message), { status: 503 });
      else answerPage(response, FAULT, { status: 500 });
      if (!(error instanceof HeadwaterError)) onFault(error);
    }
  };
}
