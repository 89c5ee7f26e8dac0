import type { ApiClient } from '../../net/api-client.ts';
import { foreignCursor } from '../../sources/list.ts';
import type { LeftBehind } from '../../sources/platform.ts';
import type { Todo } from '../../sources/source.ts';
import type { Vendor, VendorCall, VendorQuery, VendorSource } from '../remote/vendor.ts';
import { type Connection, connectionIn, createdIn, PLATFORM, pageIn, refused, sourceIn } from './record.ts';
import { createRequest, SOURCES_PATH, sourcePath, updateRequests } from './requests.ts';

const MOST_A_PAGE = 100;
/** A list that goes on for longer goes in a circle. */
const MOST_PAGES = 1000;

const NOTHING: ReturnType<typeof pageIn> = { connections: [] };
/** Files are fetched from where they are before it answers. */
const FETCHING_MS = 90_000;

/** camelAI's sources API. */
export function createCamel(client: ApiClient): Vendor {
  const page = async (page: number, size: number, { signal }: VendorCall) => {
    const query = { page, page_size: size };
    const answer = await client.send({ method: 'GET', path: SOURCES_PATH, query }, { signal, repeats: true });
    // Sources were deleted while it was leafed through: there is no such page any more.
    return answer.status === 404 && page > 1 ? NOTHING : pageIn(answer, page);
  };
  async function* all(call: VendorCall): AsyncGenerator<Connection> {
    let at = 1;
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const { connections, next } = await page(at, MOST_A_PAGE, call);
      yield* connections;
      if (next === undefined) return;
      at = next;
    }
  }
  const get = async (id: string, { signal }: VendorCall): Promise<VendorSource | undefined> => {
    if (!/^\d{1,18}$/.test(id)) return undefined;
    const answer = await client.send({ method: 'GET', path: sourcePath(id) }, { signal, repeats: true });
    return answer.status === 404 ? undefined : sourceIn(connectionIn(answer));
  };

  return {
    // Names repeat there, and nobody says how long a create may take: as long as our own request may.
    createMs: 30_000,
    createRequests: (draft) => [createRequest(draft)],
    async create(draft, call) {
      const deadline = draft.connector.code === 'file' ? { deadlineMs: FETCHING_MS } : {};
      const answer = await client.send(createRequest(draft), { signal: call.signal, ...deadline });
      const { id, public_key_sql: sql } = createdIn(answer);
      const todo = sql ? { todo: [runSql(answer.clean(sql))] } : {};
      // It is there: that it cannot be looked at just now changes nothing of that.
      const seen = await get(id, call).catch(() => undefined);
      return { ...(seen ?? unseen(id, draft.name, draft.connector.vendorCode ?? draft.connector.code)), ...todo };
    },
    get,
    async list(query, call) {
      const at = query.after === undefined ? 1 : Number(query.after);
      if (!Number.isSafeInteger(at) || at < 1) throw foreignCursor();
      const { connections, total, next } = await page(at, Math.min(query.limit, MOST_A_PAGE), call);
      return {
        sources: connections.map(sourceIn),
        ...(total === undefined || isFiltered(query) ? {} : { total }),
        ...(next === undefined ? {} : { next: String(next) }),
      };
    },
    async named(name, call) {
      const sources: VendorSource[] = [];
      for await (const connection of all(call))
        if (connection.account_name === name) sources.push(sourceIn(connection));
      return sources;
    },
    updateRequests,
    async update(before, change, connector, call) {
      for (const request of updateRequests(before, change, connector)) {
        const answer = await client.send(request, { signal: call.signal, repeats: true });
        if (answer.status !== 200) throw refused(answer);
      }
      return (await get(before.id, call)) ?? before;
    },
    async remove({ id, connector }, { signal }) {
      const answer = await client.send({ method: 'DELETE', path: sourcePath(id) }, { signal, repeats: true });
      // After a lost answer it is gone already.
      if (answer.status >= 300 && answer.status !== 404) throw refused(answer);
      return leftBehind(connector);
    },
    actions: {},
  };
}

function isFiltered({ connector, status, tag, query }: VendorQuery): boolean {
  return [connector, status, tag, query].some((wish) => wish !== undefined);
}

function unseen(id: string, name: string, connector: string): VendorSource {
  const unknown = { lastError: null, createdAt: null, updatedAt: null } as const;
  return { id, name, connector, desiredState: 'Active', status: 'Unknown', ...unknown };
}

function runSql(sql: string): Todo {
  return {
    kind: 'run_sql',
    text: `Run this in Snowflake, as a role that may alter the user: it gives ${PLATFORM}'s public key to the user. Until then it cannot log in.`,
    sql,
  };
}

function leftBehind(connector: string): LeftBehind[] {
  const record = { what: `${PLATFORM}'s own record: it deletes softly`, remove: `Ask ${PLATFORM} to erase it.` };
  if (connector !== 'SNOWFLAKE') return [record];
  const key = {
    what: 'a public key at the Snowflake user, where there was one',
    remove: 'ALTER USER … UNSET RSA_PUBLIC_KEY;',
  };
  return [record, key];
}
