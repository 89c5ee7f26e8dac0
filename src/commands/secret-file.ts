import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const MAX_BYTES = 64 * 1024;

/** A key or certificate of a file. @returns why not, where it cannot be read; never anything of what is in it */
export async function readSecretFile(path: string): Promise<{ text: string } | { why: string }> {
  const whole = path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
  // Without NONBLOCK a named pipe would hang us.
  const file = await open(whole, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(() => undefined);
  if (!file) return { why: 'That file cannot be opened.' };
  try {
    const facts = await file.stat();
    if (!facts.isFile()) return { why: 'That is no file.' };
    if (facts.size > MAX_BYTES) return { why: `That file is larger than ${MAX_BYTES} bytes.` };
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.readFile());
    return text.trim() === '' ? { why: 'That file is empty.' } : { text };
  } catch {
    return { why: 'That file is no text.' };
  } finally {
    await file.close();
  }
}
