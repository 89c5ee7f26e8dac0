import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

const leftovers = new Set<string>();

// A process ended by a signal does not get here: a test still removes what it made.
process.once('exit', () => {
  for (const path of leftovers) rmSync(path, { recursive: true, force: true });
});

/** Makes a new folder (mode 0700) that is gone after `remove()`, at the latest when the process exits by itself. */
export async function temporaryFolder(name = 'test', parent = tmpdir()): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(parent, `headwater-${name}-`));
  leftovers.add(path);
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
      leftovers.delete(path);
    },
  };
}
