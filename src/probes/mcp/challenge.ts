import type { HttpAnswer } from '../../net/http.ts';
import { evidenceOf } from '../http/judge.ts';
import type { HttpSession } from '../http/session.ts';
import { StepFailure } from '../problems/index.ts';

/** What a refusal says of the credentials it wants (RFC 9110 §11.6.1, RFC 6750, RFC 9728). */
export interface Challenge {
  scheme: string;
  error?: string;
  description?: string;
  scope?: string;
  /** Where it says which authorization server gives its tokens. */
  metadata?: string;
}

const PARAMETER = /([a-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi;

export function challengeOf(header: string | undefined): Challenge | undefined {
  const scheme = /^\s*([A-Za-z0-9-]{1,40})(?=\s|$)/.exec(header ?? '')?.[1];
  if (header === undefined || scheme === undefined) return undefined;
  const found = new Map(
    [...header.slice(0, 4000).matchAll(PARAMETER)].map(([, name = '', quoted, plain]) => [
      name.toLowerCase(),
      quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '',
    ]),
  );
  const said = (key: keyof Challenge, name: string) => (found.get(name) ? { [key]: found.get(name) } : {});
  return {
    scheme,
    ...said('error', 'error'),
    ...said('description', 'error_description'),
    ...said('scope', 'scope'),
    ...said('metadata', 'resource_metadata'),
  };
}

export function isRefusal({ status }: HttpAnswer): boolean {
  return status === 401 || status === 403 || status === 407;
}

/** A refusal of the credentials, explained by what the server says of it. */
export function refusedAccess(session: HttpSession, answer: HttpAnswer, withCredentials: boolean): StepFailure {
  const { facts } = session;
  const clean = (text: string | undefined) => session.clean(text, 200);
  // Cleaned before it is taken apart: a quote inside a secret would leave the half before it unknown.
  const header = answer.headers['www-authenticate'];
  const challenge = header === undefined ? undefined : challengeOf(session.clean(header, 4000));
  const details = {
    evidence: [evidenceOf(session, answer), clean(header)].filter(Boolean).join('; '),
    driver_code: `HTTP ${answer.status}`,
  };
  const what = clean(challenge?.description ?? challenge?.error) || `status ${answer.status}`;
  const scope = clean(challenge?.scope);
  const code = !withCredentials
    ? 'MCP_AUTH_MISSING'
    : answer.status === 403 || challenge?.error === 'insufficient_scope'
      ? 'MCP_FORBIDDEN'
      : 'MCP_AUTH_REJECTED';
  return new StepFailure(code, { ...facts, what, fix: fixOf(code, scope, clean(challenge?.metadata)) }, details);
}

function fixOf(code: string, scope: string, metadata: string): string {
  const wanted = scope === '' ? '' : ` with the scope ${scope}`;
  if (code === 'MCP_FORBIDDEN') return scope === '' ? '' : `Have the token extended by the scope ${scope}.`;
  if (metadata !== '') {
    return `The server signs in through OAuth (described at ${metadata}): have a person sign in with auth.method oauth2, provider custom and its authorization server as issuer (request_credentials), or get an access token${wanted} from there and give it as auth.token with auth.method bearer.`;
  }
  return scope === '' ? '' : `Give an access token${wanted} as auth.token with auth.method bearer.`;
}
