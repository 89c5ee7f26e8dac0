import type { Kysely, Transaction } from 'kysely';
import type { Database } from './database.ts';
import type { Tables } from './tables.ts';

export interface Change {
  tenant: string;
  id: string;
}

/** Tells listeners which sources changed: at once what this process wrote, within a second what others did. */
export interface ChangeFeed {
  listen(listener: (change: Change) => void): () => void;
  /** A change of this process, after its commit. */
  announce(seq: number, change: Change): void;
  /** To be called on every new connection. */
  onOpen(db: Kysely<Tables>): Promise<void>;
  stop(): void;
}

const POLL_MS = 1_000;
/** More than all processes together can write while one of them sleeps between two polls. */
const KEPT_CHANGES = 10_000;
const SWEPT_EVERY = 100;

/** Notes a change in the transaction that makes it; the result goes to `announce`. */
export async function noteChange(tx: Transaction<Tables>, { tenant, id }: Change): Promise<number> {
  const { insertId } = await tx.insertInto('changes').values({ tenant, source_id: id }).executeTakeFirstOrThrow();
  const seq = Number(insertId);
  if (seq % SWEPT_EVERY === 0) {
    await tx
      .deleteFrom('changes')
      .where('seq', '<=', seq - KEPT_CHANGES)
      .execute();
  }
  return seq;
}

/** `database` is asked for late, because it needs the feed's `onOpen` itself. */
export function createChangeFeed(database: () => Database): ChangeFeed {
  const listeners = new Set<(change: Change) => void>();
  /** All changes up to here were announced; undefined while nobody listens. */
  let seen: number | undefined;
  /** Changes of our own beyond `seen`. */
  const own = new Set<number>();
  let dataVersion: unknown;
  let timer: NodeJS.Timeout | undefined;
  let polling = false;

  const emit = (change: Change) => {
    for (const listener of listeners) {
      try {
        listener(change);
      } catch {
        // What was written stays written, whatever a listener makes of it.
      }
    }
  };

  const setBaseline = async (db: Kysely<Tables>) => {
    if (listeners.size === 0 || seen !== undefined) return;
    const { newest } = await db
      .selectFrom('changes')
      .select((eb) => eb.fn.max('seq').as('newest'))
      .executeTakeFirstOrThrow();
    seen = newest ?? 0;
  };

  const poll = async () => {
    if (polling) return;
    polling = true;
    await database().peek(async (db, connection) => {
      await setBaseline(db);
      const version = connection.value('PRAGMA data_version');
      if (version === dataVersion || seen === undefined) return;
      const rows = await db.selectFrom('changes').selectAll().where('seq', '>', seen).orderBy('seq').execute();
      dataVersion = version;
      if (listeners.size === 0) return;
      for (const { seq, tenant, source_id } of rows) {
        seen = seq;
        if (!own.has(seq)) emit({ tenant, id: source_id });
      }
      own.clear();
    });
    polling = false;
  };

  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    seen = undefined;
    own.clear();
  };

  return {
    listen(listener) {
      // A function of its own, so that one that listens twice is told twice.
      const entry = (change: Change) => listener(change);
      listeners.add(entry);
      if (timer === undefined) {
        timer = setInterval(poll, POLL_MS);
        timer.unref();
        void poll();
      }
      return () => {
        listeners.delete(entry);
        if (listeners.size === 0) stop();
      };
    },
    announce(seq, change) {
      if (seen !== undefined && seq === seen + 1) seen = seq;
      else if (listeners.size > 0) own.add(seq);
      emit(change);
    },
    async onOpen(db) {
      // A data version says nothing about another connection's.
      dataVersion = undefined;
      await setBaseline(db);
    },
    stop() {
      listeners.clear();
      stop();
    },
  };
}
