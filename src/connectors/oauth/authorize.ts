import { createHash } from 'node:crypto';
import { HeadwaterError } from '../../errors.ts';
import { strip } from '../../secrets/strip.ts';
import type { Endpoints } from './endpoints.ts';

export interface Authorization {
  clientId: string;
  scopes: string | undefined;
  /** Exactly what the code is exchanged with. */
  redirectUri: string;
  state: string;
  /** Of PKCE (RFC 7636): kept here, only its digest is sent. */
  verifier: string;
}

/** The address where a person signs in. @throws HeadwaterError SIGN_IN_FAILED where the config has none */
export function authorizeUrl(endpoints: Endpoints, { clientId, scopes, redirectUri, state, verifier }: Authorization) {
  if (!endpoints.authorizeUrl) {
    throw new HeadwaterError('SIGN_IN_FAILED', 'The config does not say where people sign in.', {
      hint: 'Give auth.authorize_url, or auth.issuer in place of both addresses.',
    });
  }
  const url = new URL(endpoints.authorizeUrl);
  const wanted = new Set([...listOf(scopes), ...listOf(endpoints.offlineScope)]);
  const scope = [...wanted].join(endpoints.scopeSeparator);
  const parameters = {
    ...endpoints.extra,
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    ...(scope === '' ? {} : { scope }),
    ...(endpoints.resource === undefined ? {} : { resource: endpoints.resource }),
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}

function listOf(scopes = ''): string[] {
  return scopes.split(/[\s,]+/).filter((scope) => scope !== '');
}

/** What a provider says of itself where a sign-in ended without a code (RFC 6749 §4.1.2.1). */
const REFUSALS: Readonly<Record<string, string>> = {
  access_denied: 'Access was not granted.',
  invalid_scope: 'The provider does not know a scope that was asked for, or the client may not ask for it.',
  unauthorized_client: 'The client may not sign people in this way.',
  login_required: 'Nobody signed in.',
  consent_required: 'Access was not granted.',
  interaction_required: 'Nobody signed in.',
};

/**
 * The code that a callback brings. @throws HeadwaterError SIGN_IN_FAILED for a refusal, or for another provider's answer
 */
export function codeOf(query: URLSearchParams, { issuer, namesIssuer, name }: Endpoints): string {
  const said = query.get('iss');
  const isForeign = issuer !== undefined && (said === null ? namesIssuer === true : said !== issuer);
  if (isForeign)
    throw new HeadwaterError('SIGN_IN_FAILED', 'The answer came from another provider. Nothing was taken.');
  const error = query.get('error');
  if (error !== null) {
    const message = REFUSALS[error] ?? `${name} did not sign in.`;
    const words = [error, query.get('error_description') ?? ''].join(': ').replace(/: $/, '');
    throw new HeadwaterError('SIGN_IN_FAILED', message, {
      upstream_message: strip(words).slice(0, 300),
      hint: 'Try again on the same page, or correct the client at the provider, or the scopes.',
    });
  }
  const [code, ...others] = query.getAll('code');
  if (code === undefined || code === '' || others.length > 0 || code.length > 4096) {
    throw new HeadwaterError('SIGN_IN_FAILED', `${name} sent the person back without a code.`);
  }
  return code;
}
