import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, readdir, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HeadwaterError } from '../errors.ts';
import { makePrivateFolder, syncFolder } from './private-folder.ts';

/** The key that wraps all others. A `KeyObject` prints no bytes. */
export interface MasterKey {
  key: KeyObject;
  /** A fingerprint, 16 hex digits: names the key without telling anything of it. */
  id: string;
  from: KeyOrigin;
}

/** `given`: named by the person who runs `headwater key rotate`. */
export type KeyOrigin = 'env' | 'file' | 'home' | 'given';

const KEY_BYTES = 32;
const MAX_FILE_BYTES = 1024;
const SHAPE = /^[A-Za-z0-9+/]{43}=$/;
export const HOW_TO_MAKE = 'Make one with `openssl rand -base64 32`, or restore the one you had.';

/** A key from its text, which is never quoted. @throws HeadwaterError KEY_UNAVAILABLE, saying what is wrong with `what` */
export function readKey(text: string, from: KeyOrigin, what: string): MasterKey {
  const trimmed = text.trim();
  const bytes = Buffer.from(trimmed, 'base64');
  if (!SHAPE.test(trimmed) || bytes.length !== KEY_BYTES || bytes.toString('base64') !== trimmed) {
    throw unavailable(`${what} is not a key: a key is ${KEY_BYTES} bytes in base64 (44 characters).`, HOW_TO_MAKE);
  }
  if (timingSafeEqual(bytes, Buffer.alloc(KEY_BYTES))) {
    throw unavailable(`${what} is all zero, which is no key.`, HOW_TO_MAKE);
  }
  const id = createHmac('sha256', bytes).update('headwater/v1 key id').digest('hex').slice(0, 16);
  return { key: createSecretKey(bytes), id, from };
}

/** The text of a key file, or `undefined` where there is no such file. @throws HeadwaterError KEY_UNAVAILABLE */
export async function readKeyFile(path: string): Promise<string | undefined> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    // Without NONBLOCK a named pipe would hang us.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unavailable(
      'The key file cannot be read.',
      'A person must make it readable for the user that runs Headwater.',
      error,
    );
  }
  try {
    const facts = await file.stat();
    if (!facts.isFile() || facts.size > MAX_FILE_BYTES) {
      throw unavailable(`The key file is not a regular file of at most ${MAX_FILE_BYTES} bytes.`, HOW_TO_MAKE);
    }
    if (process.platform !== 'win32' && (facts.mode & 0o077) !== 0) {
      throw unavailable(
        'The key file is open to other users of this machine.',
        'A person must run `chmod 600` on it (in Kubernetes: `defaultMode: 0400`), and think about whether somebody read it.',
      );
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/**
 * Puts a new key into a file that is not there yet, durably. Many processes may do this at once, and all find the same
 * key afterwards: a link appears with all its bytes or not at all, and only one can.
 * @throws HeadwaterError KEY_UNAVAILABLE
 */
export async function placeNewKey(path: string): Promise<void> {
  const folder = dirname(path);
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await makePrivateFolder(folder);
    await removeDrafts(path, IN_USE_MS);
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${randomBytes(KEY_BYTES).toString('base64')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    try {
      await link(draft, path);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    } finally {
      await syncFolder(folder);
      await unlink(draft);
    }
  } catch (error) {
    throw unavailable(
      `The key file ${basename(path)} cannot be made in HEADWATER_HOME.`,
      'A person must make that folder writable for the user that runs Headwater, or set HEADWATER_MASTER_KEY (32 bytes in base64).',
      error,
    );
  }
}

const IN_USE_MS = 60_000;

/** Removes what processes left that were killed while they made the key. Fresh drafts may be in use. */
export async function removeDrafts(path: string, olderThanMs: number): Promise<void> {
  const folder = dirname(path);
  const isDraft = (name: string) => name.startsWith(`${basename(path)}.`) && /\.[0-9a-f]{12}\.tmp$/.test(name);
  for (const name of (await readdir(folder)).filter(isDraft)) {
    const draft = join(folder, name);
    const facts = await stat(draft).catch(() => undefined);
    if (facts && Date.now() - facts.mtimeMs >= olderThanMs) await unlink(draft).catch(() => {});
  }
}

export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

export function unavailable(message: string, hint: string, cause?: unknown): HeadwaterError {
  return new HeadwaterError('KEY_UNAVAILABLE', message, { hint, cause });
}
