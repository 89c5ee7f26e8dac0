import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';
import { openStore, type Store } from './audited.ts';

/** What every test of a file gets anew. */
export interface Fresh {
  /** A folder of its own. */
  folder: string;
  /** Where `open` opens a store: in a folder that is not there yet. */
  file: string;
  /** What every store takes for now. */
  clock: Date;
  /** A store on the file; several play several processes. Closed after the test. */
  open(path?: string): Store;
}

/** To be called at the top of a test file. */
export function freshForEachTest(): Fresh {
  let folder: TemporaryFolder;
  let stores: Store[] = [];
  const fresh: Fresh = {
    folder: '',
    file: '',
    clock: new Date(),
    open(path = fresh.file) {
      const store = openStore({ file: path, now: () => fresh.clock });
      stores.push(store);
      return store;
    },
  };
  beforeEach(async () => {
    folder = await temporaryFolder('store');
    fresh.folder = folder.path;
    fresh.file = join(folder.path, 'home', 'headwater.db');
    fresh.clock = new Date('2026-11-20T08:00:00Z');
  });
  afterEach(async () => {
    for (const store of stores) await store.close();
    stores = [];
    await folder.remove();
  });
  return fresh;
}
