import { isIPv6 } from 'node:net';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** A name or address as a URL has it, with or without a port. */
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/;
const ORIGIN = /^https?:\/\/(.+)$/;

/** The host names a browser or client may call us by. Everything else may be a rebinding attack. */
export function permittedHosts(bind: string, further: readonly string[]): ReadonlySet<string> {
  const everywhere = bind === '0.0.0.0' || bind === '::';
  return new Set([...LOOPBACK, ...(everywhere ? [] : [inUrl(bind)]), ...further.map((host) => host.toLowerCase())]);
}

/** Whether a request has exactly one Host that is ours and, where it has an Origin, one that is ours too. */
export function isPermitted(
  { host = [], origin = [] }: { host?: readonly string[]; origin?: readonly string[] },
  hosts: ReadonlySet<string>,
): boolean {
  const isOurs = (authority: string | undefined) => hosts.has(hostOf(authority ?? '') ?? '');
  if (host.length !== 1 || !isOurs(host[0])) return false;
  return origin.length === 0 || (origin.length === 1 && isOurs(ORIGIN.exec(origin[0]?.toLowerCase() ?? '')?.[1]));
}

/** The host of `name:port`, in small letters; `undefined` for anything else. Laxer parsers are what attackers look for. */
export function hostOf(authority: string): string | undefined {
  return AUTHORITY.exec(authority.toLowerCase())?.[1];
}

function inUrl(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname : address.toLowerCase();
}
