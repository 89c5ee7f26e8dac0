import { AddressRefused, normaliseHost } from '../net/address.ts';

/** The one spelling of a host; or what is wrong with it, and which host may have been meant. */
export function canonicalHost(value: unknown): { host: string } | { fault: string } {
  try {
    return { host: normaliseHost(value).host };
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    const meant = typeof value === 'string' ? hostInside(value) : undefined;
    const fault = 'must be a host name or IP address alone, without scheme, port or path';
    return { fault: meant === undefined ? fault : `${fault}; did you mean ${meant}?` };
  }
}

/** The host in what was copied from a browser or a console: `https://db.example.com/path`, `db.example.com:5432`. */
function hostInside(text: string): string | undefined {
  const [, authority = ''] = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/?#\s]+)\S*$/i.exec(text.trim()) ?? [];
  // What stands before an @ may be a password.
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/[:,]\d+$/, '');
  try {
    return normaliseHost(host).host;
  } catch {
    return undefined;
  }
}
