import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AddressPolicy,
  AddressRefused,
  blockList,
  isPrivateAddress,
  judgeAddress,
  judgeName,
  normaliseHost,
} from '../../../src/net/address.ts';

const PUBLIC_ONLY: AddressPolicy = { allowPrivate: false, allowHosts: new Set(), allowCidrs: blockList([]) };
const ALLOW_PRIVATE: AddressPolicy = { ...PUBLIC_ONLY, allowPrivate: true };
const EVERYTHING: AddressPolicy = { ...ALLOW_PRIVATE, allowCidrs: blockList(['0.0.0.0/0', '::/0']) };
const METADATA = [
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
];

/** What a judgement comes to, as one word or one address. */
function verdict(judge: () => unknown): unknown {
  try {
    return judge();
  } catch (error) {
    if (error instanceof AddressRefused) return error.reason;
    throw error;
  }
}

const judged = (address: string, policy = PUBLIC_ONLY, hostIsAllowed = false) =>
  verdict(() => judgeAddress(address, policy, hostIsAllowed).address);
const normal = (host: unknown) => verdict(() => normaliseHost(host));

const byte = fc.integer({ min: 0, max: 255 });
const octets = fc.tuple(byte, byte, byte, byte);
const group = fc.integer({ min: 0, max: 0xffff });
const groups = fc.tuple(group, group, group, group, group, group, group, group);
const spellings = [
  (n: number) => String(n),
  (n: number) => `0x${n.toString(16)}`,
  (n: number) => `0X${n.toString(16).toUpperCase()}`,
  (n: number) => `0${n.toString(8)}`,
  (n: number) => `0x000${n.toString(16)}`,
];
const FULL_WIDTH = 0xff10 - 0x30;

describe('one spelling', () => {
  test('every spelling of an IPv4 address folds to its dotted form', () => {
    const parts = fc.integer({ min: 1, max: 4 });
    const spelling = fc.constantFrom(...spellings);
    const spelt = fc.tuple(octets, parts, fc.tuple(spelling, spelling, spelling, spelling), fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(spelt, ([bytes, count, spell, wide, dot]) => {
        const [a, b, c, d] = bytes;
        const last =
          [a * 0x1000000 + b * 0x10000 + c * 0x100 + d, b * 0x10000 + c * 0x100 + d, c * 0x100 + d, d][count - 1] ?? 0;
        const numbers = [...bytes.slice(0, count - 1), last];
        const plain = numbers.map((number, i) => (spell[i] ?? String)(number)).join('.');
        const text = wide
          ? plain.replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + FULL_WIDTH))
          : plain;
        expect(normal(dot ? `${text}.` : text)).toEqual({ kind: 'ip', host: bytes.join('.') });
      }),
      { numRuns: 2000 },
    );
  });

  test('every spelling of an IPv6 address folds to one', () => {
    fc.assert(
      fc.property(groups, fc.boolean(), (parts, brackets) => {
        const long = parts.map((part) => part.toString(16).padStart(4, '0').toUpperCase()).join(':');
        const short = parts.map((part) => part.toString(16)).join(':');
        const one = normal(brackets ? `[${long}]` : long);
        expect(one).toEqual(normal(short));
        expect(one).toMatchObject({ kind: 'ip' });
      }),
    );
  });

  test.each([
    ['DB.Example.COM', 'db.example.com'],
    ['db.example.com.', 'db.example.com'],
    ['Bücher.example', 'xn--bcher-kva.example'],
    ['my_db.example.com', 'my_db.example.com'],
    ['localhost', 'localhost'],
    ['1a.example', '1a.example'],
    [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ])('the name %s is %s', (host, expected) => {
    expect(normal(host)).toEqual({ kind: 'name', host: expected });
  });

  test.each([
    'db.example.com:5432',
    'db.example.com/shop',
    'https://db.example.com',
    'user@db.example.com',
    'db.example.com..',
    '-db.example.com',
    'db-.example.com',
    'xn--.example.com',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(127)}aa`,
    'fe80::1%eth0',
    '[::1',
    '[::1]:5432',
    '[db.example.com]',
    ' db.example.com',
    'db.example.com\n',
    'db\u0000.example.com',
    '1.2.3.4.5',
    '0x100000000',
    '256.0.0.1',
    undefined,
    ['db.example.com'],
  ])('%j is no host', (host) => {
    expect(normal(host)).toBe('invalid host');
  });

  test('whatever comes in, it is normal or refused, and normal twice is normal once', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.domain(),
      fc.webAuthority(),
      fc.ipV4Extended(),
      fc.ipV6(),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const once = normal(text);
        if (once === 'invalid host') return;
        const { host } = once as { host: string };
        expect(host).toMatch(/^[a-z0-9._:-]+$/);
        expect(normal(host)).toEqual(once);
      }),
      { numRuns: 3000 },
    );
  });
});

/** The special-purpose registries of IANA, and what else is not for everybody: [range, how many bits are fixed]. */
const NOT_PUBLIC_4 = [
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
  '255.255.255.255/32',
];
const NOT_PUBLIC_6 = [
  '::/128',
  '::1/128',
  '::/96',
  '::ffff:0:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
  '4000::/3',
  '8000::/1',
];

/** An arbitrary address of a range, by arithmetic of its own. */
function within(cidr: string): fc.Arbitrary<string> {
  const [base = '', bits = '0'] = cidr.split('/');
  const six = base.includes(':');
  const width = six ? 128n : 32n;
  const free = width - BigInt(bits);
  const start = six ? sixToInt(base) : base.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  return fc
    .bigInt({ min: 0n, max: (1n << free) - 1n })
    .map((rest) => (six ? intToSix(start + rest) : intToFour(start + rest)));
}

function sixToInt(text: string): bigint {
  const [head = '', tail = ''] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const all = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  return all.reduce((sum, part) => sum * 65536n + BigInt(`0x${part}`), 0n);
}

const intToFour = (value: bigint) => [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
const intToSix = (value: bigint) =>
  Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - i * 16)) & 65535n).toString(16)).join(':');

describe('what is public', () => {
  test.each([...NOT_PUBLIC_4, ...NOT_PUBLIC_6])('nothing in %s is dialled under public_only', (cidr) => {
    fc.assert(
      fc.property(within(cidr), (address) => {
        expect(['non-public address', 'cloud metadata']).toContain(judged(address));
      }),
    );
  });

  test('of all IPv4 addresses exactly those outside the registries are public', () => {
    const ranges = NOT_PUBLIC_4.map((cidr) => {
      const [base = '', bits = '0'] = cidr.split('/');
      return { base: toInt(base), mask: 2 ** (32 - Number(bits)) };
    });
    const special = (value: number) => ranges.some(({ base, mask }) => value >= base && value < base + mask);
    fc.assert(
      fc.property(octets, (bytes) => {
        const address = bytes.join('.');
        const expected = special(toInt(address)) || address === '168.63.129.16';
        expect(judged(address) !== address).toBe(expected);
      }),
      { numRuns: 5000 },
    );
  });

  test('an IPv4-mapped address is its IPv4 address, whatever the policy', () => {
    const policy = fc.constantFrom(PUBLIC_ONLY, ALLOW_PRIVATE, EVERYTHING);
    const interesting = fc.oneof(octets, fc.constantFrom([127, 0, 0, 1], [10, 0, 0, 1], [169, 254, 169, 254]));
    fc.assert(
      fc.property(interesting, policy, ([a = 0, b = 0, c = 0, d = 0], rules) => {
        const dotted = `${a}.${b}.${c}.${d}`;
        const hex = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
        const expected = judged(dotted, rules);
        for (const mapped of [`::ffff:${dotted}`, `::FFFF:${hex}`, `0:0:0:0:0:ffff:${hex}`])
          expect(judged(mapped, rules)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test.each(['8.8.8.8', '93.184.216.34', '2606:4700:4700::1111', '2001:4860:4860::8888', '2001:200::1'])(
    '%s is public',
    (address) => {
      expect(judged(address)).toBe(address);
    },
  );

  test.each([
    ['fe80::1%eth0', 'zone id'],
    ['db.example.com', 'not an address'],
    ['127.1', 'not an address'],
    ['', 'not an address'],
  ])('%s: %s', (text, reason) => {
    expect(judged(text, EVERYTHING)).toBe(reason);
  });
});

describe('allow_private', () => {
  test.each(['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::1/128', 'fc00::/7'])(
    'opens %s',
    (cidr) => {
      fc.assert(
        fc.property(within(cidr), (address) => {
          fc.pre(judged(address, ALLOW_PRIVATE) !== 'cloud metadata');
          expect(judged(address, ALLOW_PRIVATE)).toBe(normaliseHost(address).host);
          expect(isPrivateAddress(address)).toBe(true);
        }),
      );
    },
  );

  test.each(['169.254.0.0/16', '0.0.0.0/8', '100.64.0.0/10', '224.0.0.0/4', 'fe80::/10', 'ff00::/8', '64:ff9b::/96'])(
    'does not open %s',
    (cidr) => {
      fc.assert(
        fc.property(within(cidr), (address) => {
          expect(['non-public address', 'cloud metadata']).toContain(judged(address, ALLOW_PRIVATE));
        }),
      );
    },
  );

  test('nothing ever opens cloud metadata: no mode, no range, no host name, no spelling, no translator', () => {
    for (const address of METADATA) {
      for (const policy of [PUBLIC_ONLY, ALLOW_PRIVATE, EVERYTHING]) {
        for (const spelt of spellingsOf(address)) {
          expect([spelt, judged(spelt, policy, true)]).toEqual([spelt, 'cloud metadata']);
        }
      }
    }
  });
});

/** The ways in which an address of the metadata service can stand in a DNS answer. */
function spellingsOf(address: string): string[] {
  if (address.includes(':')) return [address, address.toUpperCase(), intToSix(sixToInt(address))];
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  const hex = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  return [
    address,
    `::ffff:${address}`,
    `::ffff:${hex}`,
    `::${hex}`,
    `64:ff9b::${hex}`,
    `64:ff9b::${address}`,
    `2002:${hex}::1`,
  ];
}

describe('what the operator opens', () => {
  const policy = { ...PUBLIC_ONLY, allowCidrs: blockList(['10.20.0.0/16', 'fd12:3456::/32', '192.0.2.7']) };
  test.each([
    ['10.20.255.255', '10.20.255.255'],
    ['::ffff:10.20.0.5', '10.20.0.5'],
    ['fd12:3456:789a::1', 'fd12:3456:789a::1'],
    ['192.0.2.7', '192.0.2.7'],
    ['10.21.0.0', 'non-public address'],
    ['192.0.2.8', 'non-public address'],
    ['fd12:3457::1', 'non-public address'],
    ['8.8.8.8', '8.8.8.8'],
  ])('%s under ALLOW_CIDRS: %s', (address, expected) => {
    expect(judged(address, policy)).toBe(expected);
  });

  test('the addresses of an allowed host pass, and no others', () => {
    expect(judged('10.0.0.1', PUBLIC_ONLY, true)).toBe('10.0.0.1');
    expect(judged('10.0.0.1', PUBLIC_ONLY, false)).toBe('non-public address');
  });

  test.each([
    '10.0.0.0/33',
    '10.0.0/8',
    'fc00::/129',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '10.0.0.0/a',
    'x',
    '',
    ' 10.0.0.0/8',
  ])('%j is no range', (cidr) => {
    expect(() => blockList([cidr])).toThrow(RangeError);
  });
});

describe('names', () => {
  const name = (text: string, policy: AddressPolicy) => verdict(() => judgeName(text, policy));
  const PRIVATE = [
    'localhost',
    'a.localhost',
    'vault.corp.internal',
    'printer.local',
    'x.localdomain',
    'nas.home.arpa',
    'kubernetes',
    'kubernetes.default',
    'db.prod.svc',
  ];
  const ALWAYS = ['metadata', 'metadata.goog', 'instance-data'];

  test.each(PRIVATE)('%s is for private networks', (text) => {
    expect(name(text, PUBLIC_ONLY)).toBe('reserved name');
    expect(name(text, ALLOW_PRIVATE)).toBeUndefined();
    expect(name(text, { ...PUBLIC_ONLY, allowHosts: new Set([text]) })).toBeUndefined();
  });

  test.each(ALWAYS)('%s is refused in both modes', (text) => {
    expect(name(text, PUBLIC_ONLY)).toBe('reserved name');
    expect(name(text, ALLOW_PRIVATE)).toBe('reserved name');
  });

  test.each([
    'db.example.com',
    'localhost.example.com',
    'internal',
    'mylocal',
    'svc.example.com',
    'metadata.example.com',
  ])('%s is an ordinary name', (text) => {
    expect(name(text, PUBLIC_ONLY)).toBeUndefined();
  });

  test('an allowed host opens itself, not what ends like it', () => {
    const policy = { ...PUBLIC_ONLY, allowHosts: new Set(['corp.internal']) };
    expect(name('corp.internal', policy)).toBeUndefined();
    expect(name('evil.corp.internal', policy)).toBe('reserved name');
  });
});

function toInt(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
