import { z } from 'zod';
import { blockList, normaliseHost } from './address.ts';

/** A list in one variable, separated by commas. */
export const list = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** What an operator says of the network: rows of the table in `settings.ts`. */
export const NETWORK_VARIABLES = {
  HEADWATER_EGRESS: {
    schema: z.enum(['public_only', 'allow_private']).optional(),
    meaning:
      '`public_only` refuses every non-public address; `allow_private` also opens loopback, RFC 1918, ULA and the names reserved for them. Cloud metadata is refused always',
    standard: 'stdio and CLI: `allow_private`; http: `public_only`',
  },
  HEADWATER_ALLOW_HOSTS: {
    schema: z
      .string()
      .transform(list)
      .refine((hosts) => hosts.every(isHost), 'must be host names, separated by commas')
      .transform((hosts) => hosts.map((host) => normaliseHost(host).host))
      .default([]),
    meaning: 'Host names the operator opens beyond that, with the addresses they resolve to',
    standard: '',
  },
  HEADWATER_ALLOW_CIDRS: {
    schema: z
      .string()
      .transform(list)
      .refine(isCidrList, 'must be address ranges such as 10.0.0.0/8, separated by commas')
      .default([]),
    meaning: 'Address ranges the operator opens beyond that',
    standard: '',
  },
  HEADWATER_OUTGOING_ADDRESSES: {
    schema: z
      .string()
      .transform(list)
      .refine(isCidrList, 'must be addresses or ranges such as 203.0.113.7, separated by commas')
      .default([]),
    meaning: 'Addresses that connections leave from, as firewalls see them; letters to administrators name them',
    standard: "this machine's own",
  },
} as const;

export function isHost(text: string): boolean {
  try {
    return normaliseHost(text).host !== '';
  } catch {
    return false;
  }
}

function isCidrList(texts: readonly string[]): boolean {
  try {
    blockList(texts);
    return true;
  } catch {
    return false;
  }
}
