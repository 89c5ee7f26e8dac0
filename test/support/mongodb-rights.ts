import type { Mechanism } from './mongodb-scram.ts';

/** Users, roles and what they permit, as mongod has them. */

export interface Privilege {
  resource: { db: string; collection: string } | { cluster: true } | { anyResource: true };
  actions: readonly string[];
}

export interface User {
  username: string;
  password: string;
  /** `admin` without. */
  source?: string;
  mechanisms?: readonly Mechanism[];
  /** Rounds of its SCRAM. */
  rounds?: number;
  roles?: readonly { role: string; db: string }[];
  /** Besides those of the roles `read`, `readAnyDatabase`, `readWrite`, `root` and `clusterMonitor`. */
  privileges?: readonly Privilege[];
}

const READ = ['find', 'changeStream', 'listCollections', 'collStats', 'dbStats', 'listIndexes', 'killCursors'];
const WRITE = [...READ, 'insert', 'update', 'remove', 'dropCollection', 'createCollection'];

export function privilegesOf({ roles = [], privileges = [] }: User): Privilege[] {
  return [...privileges, ...roles.flatMap(privilegesOfRole)];
}

function privilegesOfRole({ role, db }: { role: string; db: string }): Privilege[] {
  if (role === 'read') return [{ resource: { db, collection: '' }, actions: READ }];
  if (role === 'readWrite') return [{ resource: { db, collection: '' }, actions: WRITE }];
  if (role === 'root') return [{ resource: { anyResource: true }, actions: ['anyAction'] }];
  if (role === 'clusterMonitor') return [{ resource: { cluster: true }, actions: ['serverStatus'] }];
  if (role !== 'readAnyDatabase') return [];
  return [
    { resource: { db: '', collection: '' }, actions: READ },
    { resource: { cluster: true }, actions: ['listDatabases'] },
  ];
}

export function may(
  { user }: { user?: User | undefined },
  action: string,
  db: string | undefined,
  collection: string | undefined,
): boolean {
  if (!user) return true;
  return privilegesOf(user).some(({ resource, actions }) => {
    if (!actions.includes(action) && !actions.includes('anyAction')) return false;
    if ('anyResource' in resource) return true;
    if ('cluster' in resource) return db === undefined;
    const own = db !== undefined && !['local', 'config'].includes(db);
    const onDb = resource.db === db || (resource.db === '' && own);
    return onDb && (resource.collection === '' || resource.collection === collection);
  });
}

export function mayAnything({ user }: { user?: User | undefined }, db: string): boolean {
  if (!user) return true;
  return privilegesOf(user).some(({ resource }) => {
    if ('anyResource' in resource) return true;
    return 'db' in resource && (resource.db === '' || resource.db === db);
  });
}
