import { randomBytes } from 'node:crypto';
import { PLATFORM_CODES, type PlatformCode } from './source.ts';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** `src_` and 26 characters: 48 bits of time and 80 of chance, so that ids sort by when they were made. */
export function newSourceId(now: Date): string {
  return `src_${newId(now)}`;
}

/** `cs_` and the same. */
export function newSessionId(now: Date): string {
  return `cs_${newId(now)}`;
}

function newId(now: Date): string {
  let value = (BigInt(now.getTime()) << 80n) | BigInt(`0x${randomBytes(10).toString('hex')}`);
  let text = '';
  for (let i = 0; i < 26; i++) {
    text = (ALPHABET[Number(value & 31n)] ?? '0') + text;
    value >>= 5n;
  }
  return text;
}

/** The platform of a source id that begins with one: `streamkap:66f0…`; undefined where it is none of these. */
export function platformCodeOf(id: string): PlatformCode | undefined {
  const [code, rest] = [id.slice(0, id.indexOf(':')), id.slice(id.indexOf(':') + 1)];
  return rest === '' || !id.includes(':') ? undefined : PLATFORM_CODES.find((known) => known === code);
}

/** Whether a text is an id of a local source. */
export function isSourceId(text: string): boolean {
  return /^src_[0-9a-hjkmnp-tv-z]{26}$/.test(text);
}
