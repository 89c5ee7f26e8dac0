import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeadwaterError } from '../../../src/errors.ts';
import { AddressRefused, blockList, judgeName, normaliseHost } from '../../../src/net/address.ts';
import { createEgress } from '../../../src/net/egress.ts';
import { urlFault } from '../../../src/net/http-url.ts';
import { PUBLIC } from '../../support/traffic.ts';

/** Every spelling of an address that a parser of URLs or a resolver takes for one: none leads to a private place. */

const POLICY = { allowPrivate: false, allowHosts: new Set<string>(), allowCidrs: blockList([]) };

const octet = fc.integer({ min: 0, max: 255 });
/** Addresses that are not public, metadata among them. */
const hidden = fc.oneof(
  fc.tuple(fc.constant(127), octet, octet, octet),
  fc.tuple(fc.constant(10), octet, octet, octet),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
  fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
  fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
  fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
  fc.constantFrom([169, 254, 169, 254], [168, 63, 129, 16], [100, 100, 100, 200], [192, 0, 0, 192], [0, 0, 0, 0]),
);

type Write = (n: number) => string;
const number = fc.constantFrom<Write>(
  (n) => String(n),
  (n) => `0x${n.toString(16)}`,
  (n) => `0X${n.toString(16).toUpperCase()}`,
  (n) => `0x000${n.toString(16)}`,
  (n) => `0${n.toString(8)}`,
  (n) => `000${n.toString(8)}`,
);
const sign = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => text.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  (text) => text.replace(/\d/g, (digit) => String.fromCodePoint(0x1d7ce + Number(digit))),
  (text) => text.replaceAll('.', '\u3002'),
  (text) => text.replaceAll('.', '\uff0e'),
  (text) => text.replaceAll('.', '\uff61'),
  (text) => text.toUpperCase(),
  (text) => `${text}.`,
  (text) => text.replace(/^(.)/, '$1\u00ad'),
);

/** One to four parts, each in a base of its own, in signs of some script. */
const ipv4 = fc
  .tuple(hidden, fc.integer({ min: 1, max: 4 }), fc.tuple(number, number, number, number), sign)
  .map(([bytes, parts, writes, look]) => {
    const last = bytes.slice(parts - 1).reduce((sum, byte) => sum * 256 + byte, 0);
    return look([...bytes.slice(0, parts - 1), last].map((n, i) => writes[i]?.(n)).join('.'));
  });

const hex = (high = 0, low = 0) => ((high << 8) | low).toString(16);
const ipv6 = fc
  .tuple(
    hidden,
    fc.constantFrom('::', '::ffff:', '::ffff:0:', '64:ff9b::', '64:ff9b:1::', '2002:'),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([[a = 0, b = 0, c = 0, d = 0], prefix, isDotted, isBare]) => {
    const tail = isDotted && prefix !== '2002:' ? `${a}.${b}.${c}.${d}` : `${hex(a, b)}:${hex(c, d)}`;
    const text = prefix === '2002:' ? `2002:${tail}::1` : prefix + tail;
    return isBare ? text : `[${text.toUpperCase()}]`;
  });

const reserved = fc
  .tuple(
    fc.constantFrom(
      'localhost',
      'db.localhost',
      'a.internal',
      'metadata.google.internal',
      'x.local',
      'y.localdomain',
      'z.home.arpa',
      'kubernetes',
      'k.default.svc',
      'metadata',
      'metadata.goog',
      'instance-data',
    ),
    fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
    fc.constantFrom('', '.', '\u00ad'),
  )
  .map(([name, capitals, end]) => [...name].map((c, i) => (capitals[i] ? c.toUpperCase() : c)).join('') + end);

async function reached(host: string): Promise<{ lookups: string[]; allowed: boolean }> {
  const lookups: string[] = [];
  const egress = createEgress({
    policy: POLICY,
    lookup: async (name) => {
      lookups.push(name);
      return [PUBLIC];
    },
  });
  try {
    egress.judge(await egress.lookup(egress.admitName(host), 5432));
    return { lookups, allowed: true };
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    return { lookups, allowed: false };
  }
}

test('a host that spells an address or a reserved name is refused, and never looked up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(ipv4, ipv6, reserved), async (host) => {
      expect([host, await reached(host)]).toEqual([host, { lookups: [], allowed: false }]);
    }),
    { numRuns: 5000 },
  );
});

const encoded = fc
  .tuple(fc.oneof(ipv4, reserved), fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }))
  .map(([host, which]) =>
    [...host]
      .map((c, i) =>
        which[i] ? encodeURIComponent(c).replace(/^[^%]$/, (x) => `%${x.charCodeAt(0).toString(16)}`) : c,
      )
      .join(''),
  );
const url = fc
  .tuple(
    fc.constantFrom(
      'http://',
      'https://',
      'HTTP://',
      'http:',
      'http:/',
      'http:///',
      'http:\\\\',
      'https:\t//',
      ' http://',
    ),
    fc.constantFrom('', '', 'user@', 'api.example.com@', ':@'),
    fc.oneof(encoded, ipv4, ipv6, reserved),
    fc.constantFrom('', ':80', ':', ':443', ':8080'),
    fc.constantFrom('', '/', '/x?y#z', '\\x', '#@api.example.com/'),
  )
  .map((parts) => parts.join(''));

test('a URL to one is refused, whatever stands around it', async () => {
  await fc.assert(
    fc.asyncProperty(url, async (text) => {
      if (urlFault(text) !== undefined) return;
      // As the connectors take it: the parser's host is the one that is asked for.
      const host = new URL(text).hostname.replace(/^\[|\]$/g, '');
      expect([text, await reached(host)]).toEqual([text, { lookups: [], allowed: false }]);
    }),
    { numRuns: 5000 },
  );
});

/** What the C library takes for an IPv4 address (inet_aton): one to four numbers of any base, the last filling the rest. */
function asResolverReads(text: string): boolean {
  const parts = text.split('.');
  if (parts.length > 4) return false;
  const numbers = parts.map((part) => {
    if (/^0x[0-9a-f]*$/i.test(part)) return part.length === 2 ? 0 : Number.parseInt(part, 16);
    if (/^0[0-7]*$/.test(part)) return Number.parseInt(part, 8);
    return /^[1-9]\d*$/.test(part) ? Number(part) : Number.NaN;
  });
  const last = numbers.at(-1) ?? Number.NaN;
  return numbers.slice(0, -1).every((n) => n <= 255) && last < 256 ** (5 - parts.length);
}

test('what is left as a name is none that a resolver would read as an address', () => {
  const piece = fc.oneof(
    fc.stringMatching(/^[0-9]{1,4}$/),
    fc.stringMatching(/^0[xX][0-9a-fA-F]{0,8}$/),
    fc.stringMatching(/^[0-9a-fA-FxX_-]{1,5}$/),
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), fc.constantFrom('', '.'), (pieces, end) => {
      const text = pieces.join('.') + end;
      try {
        const { kind, host } = normaliseHost(text);
        if (kind === 'name') {
          expect([text, asResolverReads(host)]).toEqual([text, false]);
          judgeName(host, POLICY);
        }
      } catch (error) {
        if (!(error instanceof AddressRefused)) throw error;
      }
    }),
    { numRuns: 10_000 },
  );
});
