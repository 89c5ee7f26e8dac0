import { isIPv6 } from 'node:net';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** The host names a browser or client may call us by. Everything else may be a rebinding attack. */
export function permittedHosts(bind: string, further: readonly string[]): ReadonlySet<string> {
  const own = isIPv6(bind) ? `[${bind}]` : bind.toLowerCase();
  const everywhere = bind === '0.0.0.0' || bind === '::';
  return new Set([...LOOPBACK, ...(everywhere ? [] : [own]), ...further.map((host) => host.toLowerCase())]);
}

/** Whether a request's Host and, where it has one, Origin are ours. */
export function isPermitted(
  headers: { host?: string | undefined; origin?: string | undefined },
  hosts: ReadonlySet<string>,
): boolean {
  const host = hostnameOf(`http://${headers.host ?? ''}`);
  if (host === undefined || !hosts.has(host)) return false;
  if (headers.origin === undefined) return true;
  const origin = hostnameOf(headers.origin);
  return origin !== undefined && hosts.has(origin);
}

function hostnameOf(text: string): string | undefined {
  try {
    const { protocol, hostname, username, pathname, search } = new URL(text);
    const plain = username === '' && pathname === '/' && search === '';
    return plain && (protocol === 'http:' || protocol === 'https:') ? hostname : undefined;
  } catch {
    return undefined;
  }
}
