import { dirname } from 'node:path';
import { HeadwaterError } from '../errors.ts';
import { makePrivateFolder } from '../secrets/private-folder.ts';
import type { Connection } from './connection.ts';
import { isBusy, storeFailure } from './failures.ts';
import { makePrivateFile } from './private-file.ts';

/**
 * One rotation of the master key at a time, of all processes on this store. A lock of SQLite on a file of its own, so
 * that the system itself lets go of it when its holder is killed, and servers go on meanwhile.
 * @throws HeadwaterError KEY_UNAVAILABLE while another one runs, STORE_UNAVAILABLE
 */
export async function oneRotation<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = await locked(file).catch((error: unknown) => {
    throw isBusy(error) ? underWay(error) : storeFailure(error);
  });
  try {
    return await work();
  } finally {
    lock.close();
  }
}

async function locked(file: string): Promise<Connection> {
  await makePrivateFolder(dirname(file));
  makePrivateFile(file);
  const { connect } = await import('./connection.ts');
  const connection = await connect(file);
  try {
    connection.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function underWay(cause: unknown): HeadwaterError {
  return new HeadwaterError('KEY_UNAVAILABLE', 'Another rotation of the master key is under way.', {
    hint: '`headwater key status` shows when it has ended.',
    retryable: true,
    cause,
  });
}
