import type { IncomingMessage } from 'node:http';

/**
 * What a browser was given for one page: that it was the first opener, and that somebody signed in. `provider`: that a
 * sign-in elsewhere began here; it alone comes along from another site, for that is where the person comes back from.
 */
export type CookieName = 'opener' | 'sign_in' | 'provider';

const VALUE = /^[\w.~-]{1,200}$/;

export interface Jar {
  get(name: CookieName): string | undefined;
  /** The header that sets it. Bound to the page's own path: no other page of this server gets it. */
  set(name: CookieName, value: string, seconds: number): string;
}

/** The cookies of one page. `secure`: the page is at an https address, so they never leave without TLS. */
export function jarOf(request: IncomingMessage, path: string, secure: boolean): Jar {
  const full = (name: CookieName) => `${secure ? '__Secure-' : ''}headwater_${name}`;
  const given = new Map(
    (request.headers.cookie ?? '').split(';').map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
  return {
    get(name) {
      const value = given.get(full(name));
      return value !== undefined && VALUE.test(value) ? value : undefined;
    },
    set: (name, value, seconds) =>
      `${full(name)}=${value}; Path=${path}; Max-Age=${Math.max(0, Math.floor(seconds))}; HttpOnly; SameSite=${name === 'provider' ? 'Lax' : 'Strict'}${secure ? '; Secure' : ''}`,
  };
}
