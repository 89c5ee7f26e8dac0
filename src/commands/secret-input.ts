import type { Readable } from 'node:stream';
import { Secret } from '../secrets/secret.ts';
import { askHidden, type HiddenInput } from './hidden-prompt.ts';
import { usageError } from './usage-error.ts';

const LONGEST_BYTES = 64 * 1024;
const FROM_A_FILE = 'Give it on standard input: headwater secret set NAME < FILE';

/** A secret from a hidden prompt where there is a terminal, else from standard input. @throws INVALID_ARGUMENTS, CANCELLED */
export async function readSecret(
  question: string,
  write: (text: string) => void,
  stdin: Readable & Partial<HiddenInput> & { isTTY?: boolean } = process.stdin,
): Promise<Secret> {
  const text = isTerminal(stdin) ? await fromTerminal(question, stdin, write) : await fromStream(stdin);
  if (text === '') throw usageError('Nothing was given.', FROM_A_FILE);
  return new Secret(text);
}

function isTerminal(stdin: Partial<HiddenInput> & { isTTY?: boolean }): stdin is HiddenInput {
  return stdin.isTTY === true && stdin.setRawMode !== undefined;
}

async function fromTerminal(question: string, stdin: HiddenInput, write: (text: string) => void): Promise<string> {
  const { text, cutOff } = await askHidden(question, stdin, write);
  if (cutOff)
    throw usageError('Several lines were pasted, and this terminal does not keep them together.', FROM_A_FILE);
  return text;
}

/** Without the line end at its end. */
async function fromStream(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > LONGEST_BYTES) throw usageError(`A secret of more than ${LONGEST_BYTES} bytes is refused.`);
    chunks.push(bytes);
  }
  return decoded(Buffer.concat(chunks)).replace(/\r?\n$/, '');
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw usageError(
      'Standard input is no text in UTF-8.',
      'Encode it, in base64 for one, where the source takes it so.',
    );
  }
}
