import { HeadwaterError } from '../../errors.ts';
import { isHeaderValue } from '../../net/header.ts';
import { Secret } from '../../secrets/secret.ts';

/** The ways an HTTP API takes credentials. */
export type HttpAuth =
  | { method: 'none' }
  | { method: 'bearer'; token: Secret }
  | { method: 'basic'; username: string; password: Secret }
  | { method: 'header'; name: string; value: Secret }
  | { method: 'query'; name: string; value: Secret }
  /** Nobody has signed in where there is no token. */
  | { method: 'oauth2'; access_token?: Secret | undefined };

export interface Credentials {
  headers: Readonly<Record<string, Secret>>;
  /** Added to the query of every request. */
  query: Readonly<Record<string, string>>;
}

/** Where the credentials go in a request. */
export function credentialsOf(auth: HttpAuth): Credentials {
  switch (auth.method) {
    case 'none':
      return { headers: {}, query: {} };
    case 'bearer':
      return { headers: { authorization: new Secret(`Bearer ${auth.token.reveal()}`) }, query: {} };
    case 'oauth2': {
      const token = auth.access_token;
      return { headers: token ? { authorization: new Secret(`Bearer ${token.reveal()}`) } : {}, query: {} };
    }
    case 'basic': {
      const pair = Buffer.from(`${auth.username}:${auth.password.reveal()}`).toString('base64');
      return { headers: { authorization: new Secret(`Basic ${pair}`) }, query: {} };
    }
    case 'header':
      return { headers: { [auth.name.toLowerCase()]: auth.value }, query: {} };
    case 'query':
      return { headers: {}, query: { [auth.name]: auth.value.reveal() } };
  }
}

/**
 * Nothing is sent with a secret that does not fit into its header: a reference may hold a line break where a literal may
 * not, and only its owner can mend that. @throws HeadwaterError INVALID_CONFIG naming the field
 */
export function refuseUnsendable(auth: HttpAuth | undefined): void {
  const [field, secret] = headerSecret(auth) ?? [];
  if (field === undefined || !(secret instanceof Secret) || isHeaderValue(secret.reveal())) return;
  throw new HeadwaterError('INVALID_CONFIG', `auth.${field} holds characters that no header can carry.`, {
    hint: /[\r\n]/.test(secret.reveal())
      ? 'It holds a line end, often a trailing newline from where it was copied: set it again without.'
      : 'Set it again: it may hold only what an HTTP header may, so no control characters, arrows or curly quotes.',
    fields: [{ field: `/config/auth/${field}`, message: 'holds characters that no header can carry' }],
  });
}

/** Basic authentication encodes its password, and a query its key; an example may have neither. */
function headerSecret(auth: HttpAuth | undefined): [field: string, secret: Secret] | undefined {
  if (auth?.method === 'bearer') return ['token', auth.token];
  if (auth?.method === 'oauth2') return auth.access_token && ['access_token', auth.access_token];
  return auth?.method === 'header' ? ['value', auth.value] : undefined;
}
