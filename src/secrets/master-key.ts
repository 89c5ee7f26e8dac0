import { join } from 'node:path';
import {
  HOW_TO_MAKE,
  type KeyOrigin,
  type MasterKey,
  placeNewKey,
  readKey,
  readKeyFile,
  unavailable,
} from './key-file.ts';

/** Where the operator may have put the master key. */
export interface KeyLocation {
  /** HEADWATER_MASTER_KEY. */
  value?: string | undefined;
  /** HEADWATER_MASTER_KEY_FILE. */
  file?: string | undefined;
  /** HEADWATER_HOME, whose `master.key` serves where neither is set. */
  home: string;
}

/** Where a key comes from, as a person would say it. */
export const ORIGINS: Readonly<Record<KeyOrigin, string>> = {
  env: 'HEADWATER_MASTER_KEY',
  file: 'HEADWATER_MASTER_KEY_FILE',
  home: 'master.key in HEADWATER_HOME',
  given: 'the key that was given',
};

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

/** True where the operator configured the key, so that Headwater makes none. */
export function isConfigured({ value, file }: KeyLocation): boolean {
  return value !== undefined || file !== undefined;
}

async function loadMasterKey(where: KeyLocation, { create }: { create: boolean }): Promise<MasterKey> {
  if (isConfigured(where)) return await configuredKey(where.value, where.file);
  const path = join(where.home, 'master.key');
  const kept = await homeKey(path);
  if (kept !== undefined) return kept;
  if (!create) {
    throw unavailable(
      'The master key is missing: there is no master.key in HEADWATER_HOME, yet credentials were sealed with one.',
      'A person must restore master.key from a backup, or set HEADWATER_MASTER_KEY to the key that was used. Without it the stored credentials are lost.',
    );
  }
  await placeNewKey(path);
  const made = await homeKey(path);
  if (made === undefined) throw unavailable('The key file master.key vanished as soon as it was made.', HOW_TO_MAKE);
  return made;
}

async function homeKey(path: string): Promise<MasterKey | undefined> {
  const text = await readKeyFile(path);
  return text === undefined ? undefined : readKey(text, 'home', 'The key file master.key in HEADWATER_HOME');
}

async function configuredKey(value: string | undefined, file: string | undefined): Promise<MasterKey> {
  const fromValue = value === undefined ? undefined : readKey(value, 'env', 'HEADWATER_MASTER_KEY');
  if (file === undefined) {
    if (fromValue !== undefined) return fromValue;
    throw new TypeError('no key is configured');
  }
  const text = await readKeyFile(file);
  if (text === undefined) {
    throw unavailable('The file of HEADWATER_MASTER_KEY_FILE does not exist.', HOW_TO_MAKE);
  }
  const fromFile = readKey(text, 'file', 'The file of HEADWATER_MASTER_KEY_FILE');
  if (fromValue !== undefined && fromValue.id !== fromFile.id) {
    throw unavailable(
      'HEADWATER_MASTER_KEY and HEADWATER_MASTER_KEY_FILE hold different keys.',
      'A person must remove the wrong one of the two from the settings.',
    );
  }
  return fromValue ?? fromFile;
}
