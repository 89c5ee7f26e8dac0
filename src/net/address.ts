import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/**
 * What may be dialled, judged on text alone: no I/O here. The lists follow the IANA special-purpose registries.
 */

export type HostKind = 'ip' | 'name';
export interface NormalHost {
  kind: HostKind;
  host: string;
}

export type Refusal =
  | 'invalid host'
  | 'not an address'
  | 'bad answer'
  | 'zone id'
  | 'cloud metadata'
  | 'non-public address'
  | 'reserved name';

/** Thrown by every function here that refuses. Carries no target, so that it can be shown as it is. */
export class AddressRefused extends Error {
  readonly reason: Refusal;
  constructor(reason: Refusal) {
    super(reason);
    this.name = 'AddressRefused';
    this.reason = reason;
  }
}

export interface AddressPolicy {
  allowPrivate: boolean;
  allowHosts: ReadonlySet<string>;
  allowCidrs: BlockList;
}

const IPV4_DENIED = blockList([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '168.63.129.16/32',
]);
const IPV6_GLOBAL = blockList(['2000::/3']);
const IPV6_DENIED = blockList(['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20']);
const PRIVATE = blockList(['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::1/128', 'fc00::/7']);
const METADATA = blockList([
  '169.254.169.254/32',
  '169.254.170.2/32',
  '169.254.170.23/32',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '168.63.129.16/32',
  'fd00:ec2::254/128',
  'fd00:ec2::23/128',
  'fd20:ce::254/128',
]);

const METADATA_NAMES = new Set(['metadata', 'metadata.goog', 'instance-data']);
/** By which clouds call the same in full. */
const METADATA_FULL_NAMES = new Set(['metadata.google.internal', 'instance-data.ec2.internal']);
const PRIVATE_NAMES = new Set(['localhost', 'kubernetes', 'kubernetes.default']);
const PRIVATE_SUFFIXES = ['.localhost', '.internal', '.local', '.localdomain', '.home.arpa', '.svc'];

/** Builds a list from CIDR texts (`10.0.0.0/8`, `fc00::/7`, or a bare address). @throws RangeError on any other text. */
export function blockList(cidrs: Iterable<string>): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/');
    const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined;
    const width = family === 'ipv4' ? 32 : 128;
    const prefix = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
    if (family === undefined || !(prefix <= width) || cidr.split('/').length > 2) throw new RangeError(cidr);
    list.addSubnet(address, prefix, family);
  }
  return list;
}

/**
 * Brings a host to its one spelling: IPv4 in any notation to dotted form, names to lower-case A-labels without a
 * trailing dot. @throws AddressRefused `invalid host`.
 */
export function normaliseHost(value: unknown): NormalHost {
  if (typeof value !== 'string' || value.length < 1 || value.length > 255 || !value.isWellFormed()) throw invalid();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u0020\u007f\\/@#?,%<>^`{|}"']/.test(value)) throw invalid();
  const text = /^\[[^[\]]*\]$/.test(value) ? value.slice(1, -1) : value;
  if (isIPv6(text)) return { kind: 'ip', host: canonicalIPv6(text) };
  if (text.includes(':') || text !== value) throw invalid();
  let host: string;
  try {
    host = new URL(`http://${text}/`).hostname;
  } catch {
    throw invalid();
  }
  host = host.replace(/\.$/, '');
  if (isIPv4(host)) return { kind: 'ip', host };
  const labels = host.split('.');
  const wellFormed = labels.every((label) => /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/.test(label) && label !== 'xn--');
  if (host.length < 1 || host.length > 253 || !wellFormed) throw invalid();
  return { kind: 'name', host };
}

function invalid(): AddressRefused {
  return new AddressRefused('invalid host');
}

function canonicalIPv6(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

/** Refuses names that stand for private or metadata services, unless the operator opened them. */
export function judgeName(name: string, policy: AddressPolicy): void {
  if (policy.allowHosts.has(name)) return;
  if (METADATA_NAMES.has(name)) throw new AddressRefused('reserved name');
  const isPrivate = PRIVATE_NAMES.has(name) || PRIVATE_SUFFIXES.some((suffix) => name.endsWith(suffix));
  if (isPrivate && !policy.allowPrivate) throw new AddressRefused('reserved name');
}

/**
 * Judges a host that somebody else is to resolve and dial: what is private there is theirs to permit, but metadata
 * services give out what nobody asked a database for. @throws AddressRefused
 */
export function judgeRemotely({ kind, host }: NormalHost): void {
  if (kind === 'name') {
    if (METADATA_NAMES.has(host) || METADATA_FULL_NAMES.has(host)) throw new AddressRefused('cloud metadata');
  } else refuseMetadata(unmapped(host));
}

export interface JudgedAddress {
  address: string;
  family: 4 | 6;
}

/**
 * Says exactly which address may be dialled for `address` (an IPv4-mapped one as its IPv4).
 * `hostIsAllowed`: the name that resolved to it stands in the operator's HEADWATER_ALLOW_HOSTS.
 * @throws AddressRefused
 */
export function judgeAddress(address: string, policy: AddressPolicy, hostIsAllowed = false): JudgedAddress {
  if (address.includes('%')) throw new AddressRefused('zone id');
  if (isIP(address) === 0) throw new AddressRefused('not an address');
  const judged = unmapped(address);
  const family = judged.family === 4 ? 'ipv4' : 'ipv6';
  refuseMetadata(judged);
  if (hostIsAllowed || policy.allowCidrs.check(judged.address, family)) return judged;
  if (policy.allowPrivate && PRIVATE.check(judged.address, family)) return judged;
  if (!isPublic(judged)) throw new AddressRefused('non-public address');
  return judged;
}

function refuseMetadata(judged: JudgedAddress): void {
  const behind = translated(judged);
  const isMetadata = METADATA.check(judged.address, judged.family === 4 ? 'ipv4' : 'ipv6');
  if (isMetadata || (behind !== undefined && METADATA.check(behind, 'ipv4')))
    throw new AddressRefused('cloud metadata');
}

function isPublic({ address, family }: JudgedAddress): boolean {
  if (family === 4) return !IPV4_DENIED.check(address, 'ipv4');
  return IPV6_GLOBAL.check(address, 'ipv6') && !IPV6_DENIED.check(address, 'ipv6');
}

/** Whether a text is an IP address as it is written, and nothing else. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0;
}

/** True for loopback and private addresses: where clear text does not cross the internet. */
export function isPrivateAddress(address: string): boolean {
  return PRIVATE.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

/** The IPv4 address that an IPv6 spelling of one is. */
export function mappedIPv4(address: string): string | undefined {
  if (!isIPv6(address)) return undefined;
  const { address: inner, family } = unmapped(address);
  return family === 4 ? inner : undefined;
}

function unmapped(address: string): JudgedAddress {
  if (isIPv4(address)) return { address, family: 4 };
  const groups = groupsOf(address);
  if (groups.slice(0, 6).join() === '0,0,0,0,0,65535') return { address: dotted(groups[6], groups[7]), family: 4 };
  return { address: canonicalIPv6(address), family: 6 };
}

/** The IPv4 address that an IPv6 one leads to by way of a translator: NAT64 (RFC 6052), 6to4, IPv4-compatible. */
function translated({ address, family }: JudgedAddress): string | undefined {
  if (family === 4) return undefined;
  const groups = groupsOf(address);
  if (groups[0] === 0x2002) return dotted(groups[1], groups[2]);
  const prefix = groups.slice(0, 6).join();
  return prefix === '100,65435,0,0,0,0' || prefix === '0,0,0,0,0,0' ? dotted(groups[6], groups[7]) : undefined;
}

function groupsOf(address: string): number[] {
  const [head = [], tail = []] = canonicalIPv6(address)
    .split('::')
    .map((part) => part.split(':').flatMap((group) => (group === '' ? [] : [Number.parseInt(group, 16)])));
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

function dotted(high = 0, low = 0): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
