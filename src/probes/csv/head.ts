import { StepFailure } from '../problems/index.ts';
import { otherBytes, otherText } from './content.ts';
import { BadBytes, createDecoder, type Decoder, type Detected, detectEncoding } from './encoding.ts';
import type { Input } from './input.ts';
import { type CsvConfig, fileFields, tooSlow } from './table-config.ts';

const HEAD_BYTES = 256 * 1024;
/** After so much time what has come is looked at, if it is anything: a slow file is a file. */
const PATIENCE_MS = 2500;

/** The beginning of a file, decoded; `decoder` goes on behind it. */
export interface Head {
  text: string;
  bytes: number;
  /** True where it is the whole file. */
  whole: boolean;
  encoding: Detected;
  decoder: Decoder;
  /** A chunk that was asked for and has not come yet. */
  pending: Promise<Buffer | undefined> | undefined;
}

/** Reads and decodes the beginning. @throws StepFailure FILE_EMPTY, FILE_SLOW, FILE_NOT_CSV, CSV_ENCODING, HTTP_BROKEN */
export async function readHead(input: Input, config: CsvConfig, signal: AbortSignal): Promise<Head> {
  const { bytes, whole, pending } = await firstBytes(input, signal);
  const fields = fileFields(config);
  if (bytes.length === 0) throw new StepFailure('FILE_EMPTY', {}, { fields });
  const other = otherBytes(bytes);
  if (other) throw new StepFailure('FILE_NOT_CSV', other, { fields });
  const encoding = detectEncoding(bytes, config.encoding, whole);
  const decoder = createDecoder(encoding.encoding);
  const text = decoded(decoder, bytes.subarray(encoding.skip), whole);
  const otherwise = otherText(text);
  if (otherwise) throw new StepFailure('FILE_NOT_CSV', otherwise, { fields });
  if (text.trim() === '') throw pending ? tooSlow(config) : new StepFailure('FILE_EMPTY', {}, { fields });
  return { text, bytes: bytes.length, whole, encoding, decoder, pending };
}

async function firstBytes({ bytes }: Input, signal: AbortSignal) {
  const chunks: Buffer[] = [];
  const began = performance.now();
  for (let size = 0; size < HEAD_BYTES; ) {
    const coming = bytes.next(signal);
    const left = PATIENCE_MS - (performance.now() - began);
    const chunk = size > 0 ? await soon(coming, left) : await coming;
    if (chunk === LATE) return { bytes: Buffer.concat(chunks), whole: false, pending: coming };
    if (chunk === undefined) return { bytes: Buffer.concat(chunks), whole: true, pending: undefined };
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
  }
  return { bytes: Buffer.concat(chunks), whole: false, pending: undefined };
}

export const LATE = Symbol('late');

/** What comes within the time. What comes later is not lost: whoever waited still has its promise. */
export async function soon<T>(work: Promise<T>, ms: number): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, ms), LATE);
  });
  // Where nobody comes back for it, its failure must not end the process.
  work.catch(() => {});
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function decoded(decoder: Decoder, bytes: Buffer, whole: boolean): string {
  let text = '';
  try {
    text = decoder.push(bytes);
    return text + (whole ? decoder.end() : '');
  } catch (error) {
    if (!(error instanceof BadBytes)) throw error;
    throw badBytes((text + error.before).split(/\r\n|\r|\n/).length);
  }
}

export function badBytes(line: number): StepFailure {
  return new StepFailure('CSV_ENCODING', { what: `line ${line} cannot be decoded` }, { fields: ['encoding'] });
}
