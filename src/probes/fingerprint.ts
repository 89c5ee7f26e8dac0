/** What is said of a server behind a TLS-only port. */
export const TLS_FIRST = 'it expects TLS from the first byte';

/** What other protocols say first, so that a wrong port can be called by its name. */
const KNOWN: readonly { what: string; is: (bytes: Buffer, text: string) => boolean }[] = [
  { what: 'an HTTP server answers there', is: (_, text) => /^HTTP\/\d/.test(text) || /^<(!doctype )?html/i.test(text) },
  { what: 'an SSH server answers there', is: (_, text) => text.startsWith('SSH-') },
  {
    what: TLS_FIRST,
    is: (bytes) => (bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 0x03,
  },
  {
    what: 'a MySQL or MariaDB server answers there',
    is: (bytes) => bytes[3] === 0 && (bytes[4] === 0x0a || bytes[4] === 0xff),
  },
  { what: 'a Redis server answers there', is: (_, text) => /^-(ERR|NOAUTH|DENIED)/.test(text) },
  { what: 'a mail or FTP server answers there', is: (_, text) => /^220[ -]/.test(text) },
];

/** Names the protocol of a server's first bytes. */
export function fingerprint(bytes: Buffer): string {
  return knownProtocol(bytes) ?? 'its answer is not of this protocol';
}

/** The protocol, where it is one of those that are known. */
export function knownProtocol(bytes: Buffer): string | undefined {
  const text = bytes.subarray(0, 64).toString('latin1');
  return KNOWN.find(({ is }) => is(bytes, text))?.what;
}
