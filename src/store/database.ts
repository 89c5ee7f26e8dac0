import { constants } from 'node:fs';
import { access, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import { makePrivateFolder } from '../secrets/private-folder.ts';
import type { Connection, PowerCutCosts } from './connection.ts';
import { closedStore, isBusy, isDamage, storeFailure } from './failures.ts';
import { type Migration, migrate } from './migrations.ts';
import { makePrivateFile } from './private-file.ts';
import type { Tables } from './tables.ts';

/**
 * A file of the store, opened at its first use. Work is done one piece after the other, each piece is one statement or one
 * transaction, and no piece may wait for anything but SQL. @throws HeadwaterError STORE_UNAVAILABLE
 */
export interface Database<T = Tables> {
  read<R>(work: (db: Kysely<T>) => Promise<R>): Promise<R>;
  /** A transaction that holds the write lock from its beginning and is durable when this resolves. */
  write<R>(work: (tx: Transaction<T>) => Promise<R>): Promise<R>;
  /** Reads if the store is open already and healthy; never opens it, never throws. */
  peek<R>(work: (db: Kysely<T>, connection: Connection) => Promise<R>): Promise<R | undefined>;
  /** Opens it, reads, and asks the system whether it could be written. */
  check(): Promise<void>;
  /** Lets the work in progress end. Afterwards everything is refused. */
  close(): Promise<void>;
}

export interface DatabaseOptions<T> {
  file: string;
  migrations: readonly Migration[];
  /** What a power cut may cost. A file that is worth nothing then is also thrown away where it is found damaged. */
  powerCutCosts: PowerCutCosts;
  /** Runs as the first work on every new connection. */
  onOpen?: (db: Kysely<T>) => Promise<void>;
}

interface Open<T> {
  connection: Connection;
  db: Kysely<T>;
}

const OPEN_ATTEMPTS = 10;
const OPEN_LIMIT_MS = 5_000;

export function createDatabase<T = Tables>(options: DatabaseOptions<T>): Database<T> {
  const { file, powerCutCosts, onOpen } = options;
  let current: Open<T> | undefined;
  let closed = false;
  let outage: { at: number; error: unknown } | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };

  // After a failure of the system nothing is known of the connection, and a statement that failed may be unfinished in
  // libsql until it is garbage collected, with its locks. A new connection is the cure for all that.
  const drop = () => {
    const dropped = current;
    current = undefined;
    try {
      dropped?.connection.close();
    } catch {
      // It has failed already; what it held ends with it.
    }
  };

  const onceOpen = async <R>(work: (open: Open<T>) => Promise<R>): Promise<R> => {
    if (current === undefined) {
      current = await open(options);
      if (onOpen) await readFrom(current, onOpen);
    }
    return await work(current);
  };

  const use = <R>(work: (open: Open<T>) => Promise<R>): Promise<R> => {
    const asked = performance.now();
    return inTurn(async () => {
      if (closed) throw closedStore();
      // Whoever waited behind a failure shares it: each trying for 5 seconds would make an outage of minutes.
      if (outage !== undefined && outage.at >= asked) throw outage.error;
      try {
        return await onceOpen(work).catch(async (raw: unknown) => {
          if (powerCutCosts === 'nothing' || !isDamage(raw)) throw raw;
          drop();
          await discard(file);
          return await onceOpen(work);
        });
      } catch (raw) {
        const error = storeFailure(raw);
        if (error !== raw) {
          drop();
          outage = { at: performance.now(), error };
        }
        throw error;
      }
    });
  };

  return {
    read: (work) => use((open) => readFrom(open, work)),
    write: (work) => use(({ db }) => db.transaction().execute(work)),
    peek: (work) =>
      inTurn(async () => {
        if (closed || current === undefined) return undefined;
        try {
          return await readFrom(current, work);
        } catch {
          drop();
          return undefined;
        }
      }),
    async check() {
      await use((open) =>
        readFrom(open, async (_, connection) => connection.value('SELECT count(*) FROM sqlite_schema')),
      );
      try {
        // The folder as well: the journal is made in it.
        for (const path of [file, dirname(file)]) await access(path, constants.W_OK);
      } catch (error) {
        throw storeFailure(error);
      }
    },
    async close() {
      await inTurn(async () => {
        closed = true;
        drop();
      });
    },
  };
}

async function readFrom<T, R>(
  { connection, db }: Open<T>,
  work: (db: Kysely<T>, connection: Connection) => Promise<R>,
): Promise<R> {
  try {
    await connection.begin('read');
    const result = await work(db, connection);
    await connection.commit();
    return result;
  } finally {
    connection.rollback();
  }
}

/** Opens and migrates. Locks that SQLite does not wait for by itself are tried again, with jitter. */
async function open<T>({ file, migrations, powerCutCosts }: DatabaseOptions<T>): Promise<Open<T>> {
  await makePrivateFolder(dirname(file));
  makePrivateFile(file);
  // Here and not above, so that a process that never needs the store loads neither.
  const [{ connect }, { kyselyOver }] = await Promise.all([import('./connection.ts'), import('./dialect.ts')]);
  const started = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    let connection: Connection | undefined;
    try {
      connection = await connect(file, powerCutCosts);
      await migrate(connection, migrations);
      return { connection, db: kyselyOver<T>(connection) };
    } catch (error) {
      connection?.close();
      const tired = attempt >= OPEN_ATTEMPTS || performance.now() - started >= OPEN_LIMIT_MS;
      if (tired || !isBusy(error)) throw error;
      await sleep(2 ** attempt * (2 + Math.random() * 2));
    }
  }
}

/** Takes a file away, and the journal that would be played back into the next one of its name. */
async function discard(file: string): Promise<void> {
  await Promise.all([file, `${file}-journal`].map((path) => rm(path, { force: true })));
}
