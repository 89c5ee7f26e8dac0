import { reached } from '../network.ts';
import type { StepOutcome, StepSpec } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { type Collection, collectionsOf, databaseNames, databasesAmong, mayRead } from './collections.ts';
import { textOf } from './documents.ts';
import { isDenied } from './errors.ts';
import { overPrivileged } from './grants.ts';
import { releaseOf } from './hello.ts';
import { grantReading } from './remedies.ts';
import { selectedCollections } from './selection.ts';
import { isOwnDatabase, type Session } from './session.ts';

/** Enough to find one that may be read, where some may. */
const FEW = 20;
const FEW_DATABASES = 5;

/** The selected databases, what is in them, one document of one, and what the user can do besides. */
export function readSteps(session: Session): StepSpec[] {
  const { facts, config } = session;
  const timeout = { code: 'QUERY_TIMEOUT', facts } as const;
  let candidates: readonly Collection[] = [];
  const steps: StepSpec[] = [
    {
      id: 'replica_set',
      title: 'Name of the replica set',
      limitMs: 1000,
      timeout,
      run: () => replicaSetName(session),
    },
    {
      id: 'schemas',
      title: 'Selected databases',
      limitMs: 3000,
      timeout,
      run: () => selected(session),
    },
    {
      id: 'list',
      title: 'Collections can be seen',
      limitMs: 4000,
      timeout,
      run: async () => {
        if (session.scope?.length === 0) return { skip: 'schemas' };
        const seen = await listed(session);
        candidates = seen.collections;
        return seen.outcome;
      },
    },
    {
      id: 'read',
      title: 'One document can be read',
      depth: 'read',
      limitMs: 4000,
      timeout,
      run: async () => {
        if (candidates.length === 0) return { skip: 'list' };
        for (const each of candidates) {
          if (await mayRead(session, each)) return { evidence: session.clean(`${each.namespace}.${each.name}`) };
        }
        throw denied(session, [...new Set(candidates.map(({ namespace }) => namespace))]);
      },
    },
    ...(config.collections
      ? [
          {
            id: 'tables',
            title: 'Selected collections',
            limitMs: 5000,
            timeout,
            run: () => selectedCollections(session, config.collections ?? []),
          },
        ]
      : []),
    {
      id: 'privileges',
      title: 'No more rights than needed',
      limitMs: 3000,
      timeout,
      run: () => overPrivileged(session),
    },
  ];
  return steps.map((step) => session.asks(step));
}

/** The version, and whether the database is there. @throws StepFailure DATABASE_NOT_VISIBLE */
export async function database(session: Session): Promise<StepOutcome> {
  const { config, facts } = session;
  const version = await versionOf(session);
  if (config.database === undefined) return { evidence: version };
  const named = await namesLike(session, config.database);
  if (!named.includes(config.database)) {
    const other = named[0] === undefined ? undefined : session.clean(named[0], 64);
    throw new StepFailure('DATABASE_NOT_VISIBLE', facts, {
      ...grantReading(session, { databases: [config.database] }, 'To be read; it may also not be there yet.'),
      ...(other === undefined ? {} : { advice: `Did you mean ${other}? The case of letters counts.` }),
    });
  }
  return { evidence: `${version}, database ${config.database}` };
}

/** Databases of this name, whatever the case of its letters: no two differ in that alone. */
async function namesLike(session: Session, name: string): Promise<string[]> {
  const pattern = `^${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
  try {
    return await databaseNames(session, { name: { $regex: pattern, $options: 'i' } });
  } catch (error) {
    if (!isDenied(error)) throw error;
    // Who may not ask for databases may know of this one all the same.
    return (await collectionsOf(session, name, { few: 1 })).length > 0 ? [name] : [];
  }
}

async function versionOf(session: Session): Promise<string> {
  const hello = reached(session.hello);
  const answer = await session.ask('admin', { buildInfo: 1 }).catch((error: unknown) => {
    if (error instanceof StepFailure && error.problem.driver_code !== undefined) return undefined;
    throw error;
  });
  const version = textOf(answer?.['version']) ?? releaseOf(hello);
  session.version = version.split('.').map(Number);
  const shown = `MongoDB ${session.clean(version, 40)}`;
  const ferretdb = textOf(answer?.['ferretdbVersion']);
  return ferretdb === undefined ? shown : `FerretDB ${session.clean(ferretdb, 40)}, as ${shown}`;
}

function replicaSetName(session: Session): StepOutcome {
  const { replicaSet, facts } = session;
  const { kind, setName } = reached(session.hello);
  if (replicaSet === undefined) return { skip: 'none is named in the config' };
  if (setName === replicaSet) return { evidence: replicaSet };
  const what =
    kind === 'router'
      ? 'a router of a sharded cluster'
      : setName === undefined
        ? 'in no replica set'
        : `of the replica set ${session.clean(setName, 60)}`;
  throw new StepFailure('REPLICA_SET_NAME', { ...facts, what, fix: replicaSet });
}

async function selected(session: Session): Promise<StepOutcome> {
  const wanted = session.config.databases ?? (session.config.database === undefined ? session.selected : undefined);
  if (!wanted) return { skip: session.selected === undefined ? 'all databases are selected' : 'one is selected' };
  const seen = new Set(await databasesAmong(session, wanted));
  session.visible = wanted.filter((name) => seen.has(name));
  const missing = wanted.filter((name) => !seen.has(name));
  if (missing.length === 0) return { evidence: wanted.join(', ') };
  const what = `the database${missing.length > 1 ? 's' : ''} ${missing.join(', ')}`;
  throw new StepFailure(
    'SELECTION_NOT_VISIBLE',
    { ...session.facts, what },
    grantReading(session, { databases: missing }, 'To be read; they may also not be there yet.'),
  );
}

async function listed(session: Session): Promise<{ collections: Collection[]; outcome: StepOutcome | undefined }> {
  const all = session.scope ?? (await databaseNames(session)).filter(isOwnDatabase);
  const closed: string[] = [];
  for (const namespace of all.slice(0, FEW_DATABASES)) {
    try {
      const collections = await collectionsOf(session, namespace, { few: FEW });
      // A view runs a query of its own.
      const tables = [...collections].sort((a, b) => Number(a.kind === 'view') - Number(b.kind === 'view'));
      if (tables.length > 0) return { collections: tables, outcome: undefined };
    } catch (error) {
      if (!isDenied(error)) throw error;
      closed.push(namespace);
    }
  }
  if (closed.length > 0) throw denied(session, closed);
  const what =
    all.length === 0
      ? 'any database that the user sees'
      : `the database${all.length > 1 ? 's' : ''} ${shown(session, all)}`;
  return { collections: [], outcome: { warning: { code: 'NO_COLLECTIONS', facts: { ...session.facts, what } } } };
}

function denied(session: Session, databases: readonly string[]): StepFailure {
  const what = `the database${databases.length > 1 ? 's' : ''} ${shown(session, databases)}`;
  return new StepFailure(
    'COLLECTIONS_DENIED',
    { ...session.facts, what },
    grantReading(session, { databases }, 'To be read, and for its changes to be followed.'),
  );
}

function shown(session: Session, names: readonly string[]): string {
  const first = names.slice(0, FEW_DATABASES).map((name) => session.clean(name, 64));
  return first.join(', ') + (names.length > FEW_DATABASES ? ' and more' : '');
}
