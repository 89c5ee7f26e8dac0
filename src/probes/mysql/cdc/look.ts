import type { StepOutcome } from '../../probe.ts';
import { type IndexedTable, indexedTables } from '../catalogue.ts';
import { isAtLeast } from '../product.ts';
import { CDC_VARIABLES } from '../queries.ts';
import { lacksRight } from '../refusals.ts';
import type { Row, Session } from '../session.ts';

/** Settings of the server by their names; what it lacks is not there. */
export type Variables = ReadonlyMap<string, string>;

/** Where the binary log ends, and which databases its filters let in. */
export interface LogPosition {
  file: string;
  position: number;
  /** Comma-separated, as the server has them. */
  only: string;
  except: string;
}

/** What the checks look at, each asked for once and only where a check needs it. */
export interface Look {
  variables: Variables;
  /** `denied`: the account may not ask; undefined: there is no binary log. */
  position: () => Promise<LogPosition | 'denied' | undefined>;
  /** The selected tables that may be read, or a few of those there are. */
  tables: () => Promise<IndexedTable[]>;
}

export interface Check {
  id: string;
  title: string;
  run: (look: Look, session: Session) => StepOutcome | Promise<StepOutcome>;
}

export async function startLook(session: Session): Promise<Look> {
  const rows = await session.query(CDC_VARIABLES);
  const variables = new Map(
    rows.map((row) => {
      const [name, value] = Object.values(row);
      return [(name ?? '').toLowerCase(), value ?? ''];
    }),
  );
  return {
    variables,
    position: once(() => logPosition(session)),
    tables: once(async () =>
      (await indexedTables(session, session.looked)).filter(({ kind }) => !NOT_TABLES.has(kind)),
    ),
  };
}

export function isOn(value: string | undefined): boolean {
  return value === 'ON' || value === '1';
}

const NOT_TABLES: ReadonlySet<string> = new Set(['VIEW', 'SYSTEM VIEW', 'SEQUENCE']);

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}

/** By the name that this version should know, and then by the other. */
async function logPosition(session: Session): Promise<LogPosition | 'denied' | undefined> {
  let refused: unknown;
  const { product } = session.asking;
  const names = ['SHOW MASTER STATUS', 'SHOW BINARY LOG STATUS'];
  if (!product.mariadb && isAtLeast(product, [8, 2])) names.reverse();
  for (const statement of names) {
    try {
      return positionFrom(await session.query(statement));
    } catch (error) {
      if (lacksRight(error)) return 'denied';
      refused = error;
    }
  }
  throw refused;
}

function positionFrom([row]: readonly Row[]): LogPosition | undefined {
  const [file, position, only, except] = Object.values(row ?? {});
  if (!file) return undefined;
  return { file, position: Number(position), only: only ?? '', except: except ?? '' };
}
