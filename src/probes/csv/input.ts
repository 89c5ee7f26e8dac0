import type { Endpoint } from '../../net/attempt.ts';
import type { StepSpec } from '../probe.ts';

/** Bytes by bytes. A chunk is the reader's until it asks for the next one. */
export interface ByteStream {
  /** @returns undefined at the end */
  next(signal: AbortSignal): Promise<Buffer | undefined>;
}

/** Where a file comes from: the steps that reach it, and then its bytes. */
export interface Input {
  /** What is tested: `The file sales.csv`. */
  readonly subject: string;
  /** Where it is downloaded from; absent for a file of this machine. */
  readonly endpoint?: Endpoint;
  /** The file's name, fit to be shown. */
  readonly name: string;
  readonly steps: readonly StepSpec[];
  /** Behind the steps. */
  readonly bytes: ByteStream;
  /** Bytes in all, where that is known. */
  readonly size: number | undefined;
  /** What the server calls it, where there is one. */
  readonly contentType: string | undefined;
  close(): Promise<void>;
}
