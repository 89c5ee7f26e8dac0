import { basename } from 'node:path';
import { type FilePlace, type FileRefusal, FileRefused, type OpenFile } from '../../files/file-access.ts';
import { reached } from '../network.ts';
import type { ProbeContext, StepSpec } from '../probe.ts';
import { type ProblemCode, StepFailure } from '../problems/index.ts';
import type { Input } from './input.ts';

const CHUNK_BYTES = 256 * 1024;

const CODES: Readonly<Record<FileRefusal, ProblemCode>> = {
  outside: 'FILE_REFUSED',
  missing: 'FILE_NOT_FOUND',
  not_a_file: 'FILE_NOT_REGULAR',
  unreadable: 'FILE_UNREADABLE',
};

/** A file on this machine, through the one gate for files. */
export function localFile(path: string, { files, redactor }: ProbeContext): Input {
  const name = redactor.clean(basename(path), 120);
  let place: FilePlace | undefined;
  let file: OpenFile | undefined;
  let buffer: Buffer | undefined;
  let closed = false;

  const refused = (error: unknown): never => {
    if (!(error instanceof FileRefused)) throw error;
    const code = CODES[error.reason];
    throw new StepFailure(code, { what: code === 'FILE_REFUSED' ? files.roots.join(', ') : name });
  };
  const steps: StepSpec[] = [
    {
      ...GATE,
      id: 'path_policy',
      title: 'Path is permitted',
      run: async () => {
        place = await files.locate(path).catch(refused);
        return undefined;
      },
    },
    {
      ...GATE,
      id: 'open',
      title: 'File can be opened',
      depth: 'auth',
      run: async () => {
        const opened = await files.open(reached(place)).catch(refused);
        // The time may have run out meanwhile, and then nobody else would close it.
        if (closed) await opened.close();
        file = opened;
        return { evidence: `${opened.size} bytes` };
      },
    },
  ];
  return {
    subject: `The file ${name}`,
    name,
    steps,
    contentType: undefined,
    get size() {
      return file?.size;
    },
    bytes: {
      async next() {
        buffer ??= Buffer.allocUnsafe(CHUNK_BYTES);
        const read = await reached(file).read(buffer).catch(refused);
        return read === 0 ? undefined : buffer.subarray(0, read);
      },
    },
    async close() {
      if (closed) return;
      closed = true;
      await file?.close();
    },
  };
}

const GATE = { gate: true, limitMs: 3000, timeout: { code: 'FILE_SLOW', facts: {} } } as const;
