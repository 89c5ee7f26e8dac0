import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadwaterError } from '../errors.ts';
import { makePrivateFolder, syncFolder } from './private-folder.ts';

/** The key that wraps all others. A `KeyObject` prints no bytes. */
export interface MasterKey {
  key: KeyObject;
  /** A fingerprint, 16 hex digits: names the key without telling anything of it. */
  id: string;
  from: 'env' | 'file' | 'home';
}

/** Where the operator may have put the master key. */
export interface KeyLocation {
  /** HEADWATER_MASTER_KEY. */
  value?: string | undefined;
  /** HEADWATER_MASTER_KEY_FILE. */
  file?: string | undefined;
  /** HEADWATER_HOME, whose `master.key` serves where neither is set. */
  home: string;
}

const KEY_BYTES = 32;
const MAX_FILE_BYTES = 1024;
const SHAPE = /^[A-Za-z0-9+/]{43}=$/;
const HOW_TO_MAKE = 'Make one with `openssl rand -base64 32`, or restore the one you had.';

/**
 * Finds the master key. `create` permits making the zero-config key file where there is none and no key is
 * configured; only a caller that knows that nothing was ever sealed may say so.
 * @throws HeadwaterError KEY_UNAVAILABLE, with the remedy
 */
export type LoadKey = (may: { create: boolean }) => Promise<MasterKey>;

/** The master key of this installation, looked for anew at every call. */
export function createMasterKey(where: KeyLocation): LoadKey {
  return (may) => loadMasterKey(where, may);
}

async function loadMasterKey(where: KeyLocation, { create }: { create: boolean }): Promise<MasterKey> {
  if (where.value !== undefined || where.file !== undefined) return await configuredKey(where.value, where.file);
  const path = join(where.home, 'master.key');
  const kept = await readKeyFile(path);
  if (kept !== undefined) return masterKey(kept, 'home', 'The key file master.key in HEADWATER_HOME');
  if (!create) {
    throw unavailable(
      'The master key is missing: there is no master.key in HEADWATER_HOME, yet credentials were sealed with one.',
      'A person must restore master.key from a backup, or set HEADWATER_MASTER_KEY to the key that was used. Without it the stored credentials are lost.',
    );
  }
  return await createKeyFile(path, where.home);
}

async function configuredKey(value: string | undefined, file: string | undefined): Promise<MasterKey> {
  const fromValue = value === undefined ? undefined : masterKey(value, 'env', 'HEADWATER_MASTER_KEY');
  if (file === undefined) {
    if (fromValue !== undefined) return fromValue;
    throw new TypeError('no key is configured');
  }
  const text = await readKeyFile(file);
  if (text === undefined) {
    throw unavailable('The file of HEADWATER_MASTER_KEY_FILE does not exist.', HOW_TO_MAKE);
  }
  const fromFile = masterKey(text, 'file', 'The file of HEADWATER_MASTER_KEY_FILE');
  if (fromValue !== undefined && fromValue.id !== fromFile.id) {
    throw unavailable(
      'HEADWATER_MASTER_KEY and HEADWATER_MASTER_KEY_FILE hold different keys.',
      'A person must remove the wrong one of the two from the settings.',
    );
  }
  return fromValue ?? fromFile;
}

function masterKey(text: string, from: MasterKey['from'], what: string): MasterKey {
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

/** The file's text, or `undefined` where there is no such file. */
async function readKeyFile(path: string): Promise<string | undefined> {
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
 * Many processes may do this at once, and all leave with the same key: a link appears with all its bytes or not at
 * all, and only one can.
 */
async function createKeyFile(path: string, home: string): Promise<MasterKey> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await makePrivateFolder(home);
    await removeOldDrafts(home);
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
      await syncFolder(home);
      await unlink(draft);
    }
  } catch (error) {
    throw unavailable(
      'The key file master.key cannot be made in HEADWATER_HOME.',
      'A person must make that folder writable for the user that runs Headwater, or set HEADWATER_MASTER_KEY (32 bytes in base64).',
      error,
    );
  }
  const text = await readKeyFile(path);
  if (text === undefined) throw unavailable('The key file master.key vanished as soon as it was made.', HOW_TO_MAKE);
  return masterKey(text, 'home', 'The key file master.key in HEADWATER_HOME');
}

const DRAFT = /^master\.key\.[0-9a-f]{12}\.tmp$/;
const OLD_MS = 60_000;

/** Drafts of processes that were killed while they made the key. Fresh ones may be in use. */
async function removeOldDrafts(home: string): Promise<void> {
  for (const name of (await readdir(home)).filter((each) => DRAFT.test(each))) {
    const path = join(home, name);
    const facts = await stat(path).catch(() => undefined);
    if (facts && Date.now() - facts.mtimeMs > OLD_MS) await unlink(path).catch(() => {});
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function unavailable(message: string, hint: string, cause?: unknown): HeadwaterError {
  return new HeadwaterError('KEY_UNAVAILABLE', message, { hint, cause });
}
