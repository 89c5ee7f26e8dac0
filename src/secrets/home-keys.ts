import { link, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, type MasterKey, placeNewKey, readKey, readKeyFile, removeDrafts, unavailable } from './key-file.ts';
import { syncFolder } from './private-folder.ts';

/**
 * The key files of a rotation in HEADWATER_HOME: `master.key.next` until it takes the place of `master.key`, and
 * `master.key.previous` from then on until nothing needs it. Each step is one atomic change of the folder and may be
 * done again, so that a rotation that was killed between any two goes on where it stopped. Only one process at a time
 * may take steps; any number may read. @throws HeadwaterError KEY_UNAVAILABLE
 */
export interface HomeKeys {
  /** The key that was replaced, while there are values that it may have sealed. */
  previous(): Promise<MasterKey | undefined>;
  /** The key that is to be the next one, made where it is missing. */
  next(): Promise<MasterKey>;
  /** Puts the next key in the place of the present one, which stays as the previous. */
  promote(): Promise<void>;
  /** Removes the previous key. */
  forget(): Promise<void>;
}

export function createHomeKeys(home: string): HomeKeys {
  const [present, next, previous] = ['', '.next', '.previous'].map((suffix) => join(home, `master.key${suffix}`)) as [
    string,
    string,
    string,
  ];
  const read = async (path: string): Promise<MasterKey | undefined> => {
    const text = await readKeyFile(path);
    return text === undefined ? undefined : readKey(text, 'home', `The key file ${path.slice(home.length + 1)}`);
  };
  return {
    previous: () => read(previous),
    async next() {
      await removeDrafts(next, 0); // nobody else makes one now
      const waiting = await read(next);
      if (waiting) return waiting;
      await placeNewKey(next);
      const made = await read(next);
      if (made) return made;
      throw unavailable('The key file master.key.next vanished as soon as it was made.', 'Try again.');
    },
    async promote() {
      try {
        // A second name for the present key first: at no moment is it without one.
        await link(present, previous).catch(unless('EEXIST'));
        await syncFolder(home);
        await rename(next, present);
        await syncFolder(home);
      } catch (error) {
        throw unavailable(
          'The new master key could not take its place in HEADWATER_HOME. The one before is still in use.',
          'A person must make that folder writable for the user that runs Headwater, then run `headwater key rotate` again.',
          error,
        );
      }
    },
    async forget() {
      await unlink(previous).catch(unless('ENOENT'));
      await removeDrafts(next, 0);
      await syncFolder(home);
    },
  };
}

function unless(code: string): (error: unknown) => void {
  return (error) => {
    if (codeOf(error) !== code) throw error;
  };
}
