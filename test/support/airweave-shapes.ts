import { Refusal } from './airweave-refusal.ts';

type Json = Record<string, unknown>;

export interface Detected {
  method: string;
  auth: Json;
}

type Unprocessable = (problems: Record<string, string>) => Refusal;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Four closed shapes without a discriminator: the one that takes all keys is meant. */
export function detectedMethod(authentication: unknown, unprocessable: Unprocessable): Detected {
  if (authentication === undefined || authentication === null) return { method: 'oauth_browser', auth: {} };
  const wrong = unprocessable({
    'body.authentication.DirectAuthentication': 'Extra inputs are not permitted',
    'body.authentication.OAuthTokenAuthentication': 'Extra inputs are not permitted',
    'body.authentication.OAuthBrowserAuthentication': 'Extra inputs are not permitted',
    'body.authentication.AuthProviderAuthentication': 'Extra inputs are not permitted',
  });
  if (!isObject(authentication)) throw wrong;
  const found = SHAPES.find(
    ({ needs, known }) => typeof authentication[needs] !== 'undefined' && only(authentication, known),
  );
  if (!found) return browser(authentication, wrong);
  found.check(authentication, wrong, unprocessable);
  return { method: found.method, auth: found.inner ? (authentication[found.inner] as Json) : authentication };
}

const only = (given: Json, known: readonly string[]) => Object.keys(given).every((name) => known.includes(name));

interface Shape {
  method: string;
  needs: string;
  known: readonly string[];
  inner?: string;
  check: (given: Json, wrong: Refusal, unprocessable: Unprocessable) => void;
}

const SHAPES: readonly Shape[] = [
  {
    method: 'oauth_token',
    needs: 'access_token',
    known: ['access_token', 'refresh_token', 'expires_at'],
    check: ({ access_token: token, expires_at: expires }, wrong, unprocessable) => {
      if (typeof token !== 'string' || token.trim() === '') throw wrong;
      if (typeof expires !== 'string') return;
      if (!/(Z|[+-]\d\d:?\d\d)$/.test(expires)) throw new Refusal(500, "TypeError: can't compare offset-naive");
      if (Date.parse(expires) < Date.now()) {
        throw unprocessable({ 'body.authentication.OAuthTokenAuthentication.expires_at': 'Token has already expired' });
      }
    },
  },
  {
    method: 'direct',
    needs: 'credentials',
    known: ['credentials'],
    inner: 'credentials',
    check: ({ credentials }, wrong) => {
      if (!isObject(credentials) || Object.keys(credentials).length === 0) throw wrong;
    },
  },
  {
    method: 'auth_provider',
    needs: 'provider_readable_id',
    known: ['provider_readable_id', 'provider_config'],
    check: ({ provider_readable_id: id }, wrong) => {
      if (typeof id !== 'string') throw wrong;
    },
  },
];

function browser(given: Json, wrong: Refusal): Detected {
  if (!only(given, ['redirect_uri', 'client_id', 'client_secret', 'consumer_key', 'consumer_secret'])) throw wrong;
  const count = (...pair: string[]) => pair.filter((name) => typeof given[name] === 'string').length;
  const [two, one] = [count('client_id', 'client_secret'), count('consumer_key', 'consumer_secret')];
  if (two === 1 || one === 1 || two + one === 4) throw wrong;
  return { method: two + one === 2 ? 'oauth_byoc' : 'oauth_browser', auth: given };
}
