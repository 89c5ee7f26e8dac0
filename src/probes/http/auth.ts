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
