import { HeadwaterError } from '../../errors.ts';
import { isHeaderValue } from '../../net/header.ts';
import { Secret } from '../../secrets/secret.ts';

/** The ways an HTTP API takes credentials. */
export type HttpAuth =
  | { method: 'none' }
  | { method: 'bearer'; token: Secret }
  | { method: 'basic'; username: string; password: Secret }
  | { method: 'header'; name: string; value: Secret }
  | { method: 'query'; name: string; value: Secret };

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
 * Refuses what no header can carry before anything is dialled: a reference may hold a line break where a literal may
 * not. @throws HeadwaterError INVALID_CONFIG
 */
export function refuseUnsendable(auth: HttpAuth): void {
  const [name, secret] =
    auth.method === 'bearer' ? ['token', auth.token] : ['value', 'value' in auth ? auth.value : ''];
  if (auth.method === 'query' || !(secret instanceof Secret) || isHeaderValue(secret.reveal())) return;
  const message = 'holds what no header can carry, such as a line break';
  throw new HeadwaterError('INVALID_CONFIG', `auth.${name} ${message}.`, {
    fields: [{ field: `/config/auth/${name}`, message }],
    hint: 'A person must correct the secret where it is kept.',
  });
}
