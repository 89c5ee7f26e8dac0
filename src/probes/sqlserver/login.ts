import type { Secret } from '../../secrets/secret.ts';

/** What a login says. */
export interface Account {
  host: string;
  username: string;
  password: Secret | undefined;
  /** Without, the login's own. */
  database: string | undefined;
}

const TDS_7_4 = 0x74000004;
const PACKET_SIZE = 4096;
/** The initial database must open, or the login fails; so must the language. */
const DATABASE_OR_FAIL = 0xe0;
const ANSI_SETTINGS = 0x03;
const FIXED = 94;
const CLIENT = 'Headwater';

/** The login itself ("LOGIN7"). It holds the password all but in the clear, so it goes over TLS only. */
export function loginMessage({ host, username, password, database }: Account): Buffer {
  const texts = [
    '', // the name of this machine is nobody's business
    username,
    password?.reveal() ?? '',
    CLIENT,
    host,
    '',
    CLIENT,
    '',
    database ?? '',
  ].map((text) => Buffer.from(text, 'utf16le'));
  const PASSWORD = 2;
  const fixed = Buffer.alloc(FIXED);
  fixed.writeUInt32LE(TDS_7_4, 4);
  fixed.writeUInt32LE(PACKET_SIZE, 8);
  fixed[24] = DATABASE_OR_FAIL;
  fixed[25] = ANSI_SETTINGS;
  let offset = FIXED;
  const place = (at: number, bytes: Buffer) => {
    fixed.writeUInt16LE(offset, at);
    fixed.writeUInt16LE(bytes.length / 2, at + 2);
    offset += bytes.length;
  };
  texts.forEach((bytes, i) => {
    place(36 + i * 4, bytes);
  });
  // Behind the client's id: SSPI, a file to attach, a new password. None.
  for (const at of [78, 82, 86]) place(at, Buffer.alloc(0));
  fixed.writeUInt32LE(offset, 0);
  return Buffer.concat([fixed, ...texts.map((bytes, i) => (i === PASSWORD ? obscured(bytes) : bytes))]);
}

/** The password as it travels: halves of each byte swapped, and then its bits. Anybody can undo it. */
function obscured(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => (((byte << 4) | (byte >> 4)) & 0xff) ^ 0xa5));
}
