import type { Packets } from './packets.ts';
import { Reader } from './reader.ts';
import { ERROR, serverError } from './server-error.ts';

/** A row as text, as the server sent it: from outside, so clean it before it is shown. */
export type Row = Readonly<Record<string, string | null>>;

const COM_QUIT = 0x01;
const COM_INIT_DB = 0x02;
const COM_QUERY = 0x03;
const COM_BINLOG_DUMP = 0x12;
/** The log ends where it ends now; nothing is waited for. */
const NON_BLOCKING = 1;
const LAST_POSITION = 0xffff_ffff;
const FIRST_POSITION = 4;
const OK = 0x00;
const LOCAL_INFILE = 0xfb;
const END = 0xfe;
/** A row may begin with the same byte, but is longer then. */
const LONGEST_END = 9;
const MOST_COLUMNS = 4096;
const MOST_ROWS = 50_000;

/** One statement, as text. @throws ServerError for the server's refusal, StepFailure where it breaks the protocol */
export async function query(packets: Packets, statement: string): Promise<Row[]> {
  packets.command(COM_QUERY, statement);
  const first = await packets.next();
  if (first[0] === ERROR) throw parsed(packets, () => serverError(first));
  if (first[0] === OK) return [];
  if (first[0] === LOCAL_INFILE) throw packets.broken('it asks for a file of this machine');
  const count = parsed(packets, () => new Reader(first).lengthEncoded()) ?? 0;
  if (count > MOST_COLUMNS) throw packets.broken('its answer has too many columns');
  const names: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const column = await packets.next();
    names.push(parsed(packets, () => columnName(column)));
  }
  if (!isEnd(await packets.next())) throw packets.broken('its answer has more columns than it says');
  return rows(packets, names);
}

async function rows(packets: Packets, names: readonly string[]): Promise<Row[]> {
  const found: Row[] = [];
  for (;;) {
    const payload = await packets.next();
    if (payload[0] === ERROR) throw parsed(packets, () => serverError(payload));
    if (isEnd(payload)) return found;
    if (found.length >= MOST_ROWS) throw packets.broken('its answer has too many rows');
    found.push(
      parsed(packets, () => {
        const reader = new Reader(payload);
        return Object.fromEntries(names.map((name) => [name, reader.text()]));
      }),
    );
  }
}

/** Makes a database the one that is spoken of. @throws like `query` */
export async function useDatabase(packets: Packets, name: string): Promise<void> {
  packets.command(COM_INIT_DB, name);
  const answer = await packets.next();
  if (answer[0] === ERROR) throw parsed(packets, () => serverError(answer));
  if (answer[0] !== OK) throw packets.broken('its answer cannot be read');
}

/**
 * Begins to read the binary log as a replica does, with no number of its own: so the server counts it for none, and
 * ends no other's session for it. The connection can be asked nothing more.
 * @throws ServerError where it may not be read, StepFailure where the server breaks the protocol
 */
export async function readLog(packets: Packets, from: { file: string; position: number }): Promise<void> {
  const head = Buffer.alloc(10);
  // Of a log that is longer than the command can say, the beginning does.
  head.writeUInt32LE(from.position <= LAST_POSITION ? from.position : FIRST_POSITION, 0);
  head.writeUInt16LE(NON_BLOCKING, 4);
  packets.command(COM_BINLOG_DUMP, Buffer.concat([head, Buffer.from(from.file, 'utf8')]));
  const first = await packets.next();
  if (first[0] === ERROR) throw parsed(packets, () => serverError(first));
  if (first[0] !== OK && !isEnd(first)) throw packets.broken('its answer cannot be read');
}

export function goodbye(packets: Packets): void {
  packets.command(COM_QUIT);
}

function isEnd(payload: Buffer): boolean {
  return payload[0] === END && payload.length < LONGEST_END;
}

/** "Protocol::ColumnDefinition41": catalog, schema, table, its real name, and then the name. */
function columnName(payload: Buffer): string {
  const reader = new Reader(payload);
  for (let i = 0; i < 4; i += 1) reader.text();
  return reader.text() ?? '';
}

function parsed<T>(packets: Packets, read: () => T): T {
  try {
    return read();
  } catch {
    throw packets.broken('its answer cannot be read');
  }
}
