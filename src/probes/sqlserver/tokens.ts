import { Reader } from './reader.ts';
import { type ServerError, serverError } from './server-error.ts';

/** A row as text, as the server sent it: from outside, so clean it before it is shown. */
export type Row = Readonly<Record<string, string | null>>;

/** Where a server sends a login that it does not serve itself. From outside: judge it before it is dialled. */
export interface Route {
  host: string;
  port: number;
}

/** All that one message says. */
export interface Answer {
  rows: Row[];
  errors: ServerError[];
  /** The login was accepted. */
  accepted: boolean;
  route?: Route;
  /** The server has stopped what it was told to stop. */
  stopped: boolean;
}

/** Types of tokens (MS-TDS 2.2.7). */
const TOKEN = {
  returnStatus: 0x79,
  columns: 0x81,
  order: 0xa9,
  tableNames: 0xa4,
  columnInfo: 0xa5,
  error: 0xaa,
  info: 0xab,
  loginAck: 0xad,
  features: 0xae,
  row: 0xd1,
  sparseRow: 0xd2,
  change: 0xe3,
  sessionState: 0xe4,
  sspi: 0xed,
  done: 0xfd,
  doneProcedure: 0xfe,
  doneInside: 0xff,
} as const;

const NVARCHAR = 0xe7;
const NULL = 0xffff;
const NO_COLUMNS = 0xffff;
const ROUTING = 20;
const STOPPED = 0x20;
const MOST_COLUMNS = 4096;
const MOST_ROWS = 50_000;
/** Of what is asked here nothing has as many; a sparse row says thousands of columns in a few bytes. */
const MOST_CELLS = 1_000_000;
/** A refusal comes with a few others. */
const MOST_ERRORS = 100;
const END_OF_FEATURES = 0xff;

/** What was read so far. */
interface Reading extends Answer {
  names: string[];
}

/** Reads a whole message. @throws RangeError where it is not of the protocol, or has what was not asked for */
export function answerIn(message: Buffer): Answer {
  const reader = new Reader(message);
  const reading: Reading = { rows: [], errors: [], accepted: false, stopped: false, names: [] };
  while (reader.left > 0) {
    const read = TOKENS[reader.uint(1)];
    if (!read) throw new RangeError('a token of no known type');
    read(reader, reading);
  }
  return reading;
}

const skipped = (reader: Reader) => void reader.part(2);

const TOKENS: Readonly<Record<number, (reader: Reader, reading: Reading) => void>> = {
  [TOKEN.returnStatus]: (reader) => void reader.take(4),
  [TOKEN.order]: skipped,
  [TOKEN.tableNames]: skipped,
  [TOKEN.columnInfo]: skipped,
  [TOKEN.info]: skipped,
  [TOKEN.sspi]: skipped,
  [TOKEN.sessionState]: (reader) => void reader.part(4),
  [TOKEN.features]: features,
  [TOKEN.error]: failed,
  [TOKEN.loginAck]: (reader, reading) => {
    skipped(reader);
    reading.accepted = true;
  },
  [TOKEN.change]: change,
  [TOKEN.done]: done,
  [TOKEN.doneProcedure]: done,
  [TOKEN.doneInside]: done,
  [TOKEN.columns]: columns,
  [TOKEN.row]: (reader, reading) => {
    add(reading, () => value(reader));
  },
  [TOKEN.sparseRow]: (reader, reading) => {
    const bits = reader.take(Math.ceil(reading.names.length / 8));
    add(reading, (i) => (((bits[i >> 3] ?? 0) >> (i & 7)) & 1 ? null : value(reader)));
  },
};

function failed(reader: Reader, { errors }: Reading): void {
  if (errors.length >= MOST_ERRORS) throw new RangeError('errors without end');
  errors.push(serverError(reader.part(2)));
}

function features(reader: Reader): void {
  while (reader.uint(1) !== END_OF_FEATURES) reader.part(4);
}

function change(reader: Reader, reading: Reading): void {
  const token = reader.part(2);
  if (token.uint(1) !== ROUTING) return;
  const route = token.part(2);
  route.take(1);
  const port = route.uint(2);
  reading.route = { port, host: route.text(2) };
}

function done(reader: Reader, reading: Reading): void {
  const status = reader.uint(2);
  reader.take(10);
  if ((status & STOPPED) !== 0) reading.stopped = true;
}

/** Every column is asked for as text, so that there is one type to read. */
function columns(reader: Reader, reading: Reading): void {
  const count = reader.uint(2);
  if (count === NO_COLUMNS) return;
  if (count > MOST_COLUMNS) throw new RangeError('too many columns');
  reading.names = Array.from({ length: count }, () => {
    reader.take(6);
    if (reader.uint(1) !== NVARCHAR || reader.uint(2) === NULL) throw new RangeError('a type that was not asked for');
    reader.take(5);
    return reader.text(1);
  });
}

function add({ rows, names }: Reading, read: (index: number) => string | null): void {
  const isEndless = rows.length >= MOST_ROWS || rows.length * names.length >= MOST_CELLS;
  if (names.length === 0 || isEndless) throw new RangeError('rows without columns, or without end');
  rows.push(Object.fromEntries(names.map((name, i) => [name, read(i)])));
}

function value(reader: Reader): string | null {
  const length = reader.uint(2);
  return length === NULL ? null : reader.take(length).toString('utf16le');
}
