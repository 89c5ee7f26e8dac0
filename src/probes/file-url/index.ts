import { createRedactor } from '../../secrets/redact.ts';
import { Secret } from '../../secrets/secret.ts';
import type { Input } from '../csv/input.ts';
import { remoteFile } from '../csv/remote-file.ts';
import type { Probe, ProbeContext, StepOutcome, StepSpec } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { kindByName, seenAs } from './kinds.ts';

/** A file that is downloaded, and the name it is to have. */
export interface FileUrl {
  url: string;
  filename: string;
}

export interface FileUrlConfig {
  files: readonly FileUrl[];
  /** Where a file stands in the config of whoever asks, by its position. */
  fieldOf: (at: number) => string;
  /** The links carry what lets in: nothing of them is shown but their hosts. */
  signed: boolean;
}

const MOST_FILES = 20;
const HEAD_BYTES = 8192;

/**
 * The probe of files behind links: each is really asked for, as far as its beginning, and recognised by that. A step a
 * file, none of which is a gate, so that all that is wrong comes back at once.
 */
export const fileUrlProbe: Probe<FileUrlConfig> = {
  plan: ({ files, fieldOf, signed }, given) => {
    const context = signed ? withLinks(given, files) : given;
    const inputs: Input[] = [];
    const looked = files.slice(0, MOST_FILES);
    const steps = looked.map((file, at) => fileStep(file, at, fieldOf(at), context, inputs));
    const first = looked[0] && placeOf(looked[0].url);
    return {
      subject: looked.length === 1 ? `The file ${context.redactor.clean(looked[0]?.filename ?? '', 120)}` : 'The files',
      ...(first ? { endpoint: first } : {}),
      steps: files.length > looked.length ? [...steps, leftOut(files.length - looked.length)] : steps,
      close: async () => void (await Promise.all(inputs.map((input) => input.close()))),
      session: () => ({ discover: async () => ({ streams: [] }), preview: async () => undefined }),
    };
  },
};

function fileStep(
  { url, filename }: FileUrl,
  at: number,
  field: string,
  context: ProbeContext,
  inputs: Input[],
): StepSpec {
  const name = context.redactor.clean(filename, 120);
  const fields = [field];
  return {
    id: `file_${at + 1}`,
    title: `Fetches ${name}`,
    depth: 'read',
    limitMs: 8000,
    timeout: { code: 'FILE_SLOW', facts: {}, fields },
    run: async (signal, limitMs) => {
      const input = remoteFile({ url, auth: { method: 'none' } }, context);
      inputs.push(input);
      try {
        const found = await fetched(input, signal, limitMs);
        return recognised(name, filename, found, fields, input);
      } catch (error) {
        if (!(error instanceof StepFailure)) throw error;
        const { code, facts, ...details } = error.problem;
        throw new StepFailure(code, facts, { ...details, fields });
      } finally {
        await input.close();
      }
    },
  };
}

/** The beginning, through all the steps of a download. */
async function fetched(input: Input, signal: AbortSignal, limitMs: number): Promise<Buffer> {
  for (const { run } of input.steps) {
    signal.throwIfAborted();
    await run(signal, limitMs);
  }
  const chunks: Buffer[] = [];
  for (let size = 0; size < HEAD_BYTES; ) {
    const chunk = await input.bytes.next(signal);
    if (chunk === undefined) break;
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
  }
  return Buffer.concat(chunks);
}

function recognised(
  name: string,
  filename: string,
  head: Buffer,
  fields: readonly string[],
  { size, contentType }: Input,
): StepOutcome {
  if (head.length === 0) throw new StepFailure('FILE_EMPTY', {}, { fields });
  const kind = kindByName(filename);
  if (kind === undefined) throw new StepFailure('FILE_KIND_UNKNOWN', { what: name }, { fields });
  const seen = seenAs(kind, head);
  if (!seen.is) {
    const evidence = contentType === undefined ? {} : { evidence: `sent as ${contentType.slice(0, 80)}` };
    throw new StepFailure('FILE_NOT_AS_NAMED', { what: `${name} is ${seen.instead}` }, { ...evidence, fields });
  }
  return { evidence: `${kind}, ${size === undefined ? 'of a size that is not told' : `${size} bytes`}` };
}

function leftOut(count: number): StepSpec {
  return {
    id: 'files_left_out',
    title: 'Further files',
    limitMs: 1000,
    timeout: { code: 'FILE_SLOW', facts: {} },
    run: () => ({ skip: `${count} more, beyond the first ${MOST_FILES}` }),
  };
}

/** Servers like to repeat the link in their refusals. */
function withLinks(context: ProbeContext, files: readonly FileUrl[]): ProbeContext {
  const parts = files.flatMap(({ url }) => {
    if (!URL.canParse(url)) return [url];
    const { pathname, search, searchParams } = new URL(url);
    return [url, `${pathname}${search}`, search.slice(1), ...searchParams.values()];
  });
  const secrets = parts.filter((part) => part.length >= 8).map((part) => new Secret(part));
  return { ...context, redactor: createRedactor(secrets) };
}

function placeOf(url: string): { host: string; port: number } | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}
