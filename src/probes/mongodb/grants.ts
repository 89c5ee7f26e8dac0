import type { StepOutcome } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { type Doc, docOf, docsOf, textOf, textsOf } from './documents.ts';
import type { Grants, Privilege } from './known.ts';
import { revokeRoles } from './remedies.ts';
import { isOwnDatabase, type Session } from './session.ts';

/** Rights beyond reading: what a reader is better without. */
const WRITES: readonly string[] = [
  'insert',
  'update',
  'remove',
  'dropCollection',
  'createUser',
  'grantRole',
  'anyAction',
];
const SHOWN_ROLES = 5;

/** Asks what the user may do; undefined where the server does not say. */
export async function grantsOf(session: Session): Promise<Grants | undefined> {
  try {
    const answer = await session.ask('admin', { connectionStatus: 1, showPrivileges: true });
    const info = docOf(answer['authInfo']);
    if (!Array.isArray(info['authenticatedUserPrivileges'])) return undefined;
    return {
      roles: docsOf(info['authenticatedUserRoles']).map(({ role, db }) => ({
        role: textOf(role) ?? '',
        db: textOf(db) ?? '',
      })),
      privileges: docsOf(info['authenticatedUserPrivileges']).map(privilegeOf),
    };
  } catch (error) {
    if (error instanceof StepFailure && error.problem.driver_code !== undefined) return undefined;
    throw error;
  }
}

function privilegeOf({ resource, actions }: Doc): Privilege {
  const on = docOf(resource);
  return {
    any: on['anyResource'] === true,
    db: textOf(on['db']),
    collection: textOf(on['collection']),
    actions: new Set(textsOf(actions)),
  };
}

/** Whether an action is permitted on a collection, on a database (no collection), or on all of them (no database). */
export function permits({ privileges }: Grants, action: string, db = '', collection = ''): boolean {
  return privileges.some(
    ({ any, db: onDb, collection: on, actions }) =>
      (actions.has(action) || actions.has('anyAction')) &&
      (any || ((onDb === '' || onDb === db) && (on === '' || on === collection))),
  );
}

/** What the user can do beyond reading: a warning, with what takes it back. */
export async function overPrivileged(session: Session): Promise<StepOutcome> {
  const { config, facts } = session;
  if (config.username === undefined) return { skip: 'no user is set' };
  session.grants = await grantsOf(session);
  const { grants } = session;
  if (!grants) return { skip: 'the server does not say what the user may do' };
  const strong = grants.privileges.filter(
    ({ any, db, actions }) =>
      (any || db === undefined || db === '' || isOwnDatabase(db)) && WRITES.some((action) => actions.has(action)),
  );
  const roles = grants.roles.map(({ role, db }) => `${session.clean(role, 60)}@${session.clean(db, 60)}`);
  const shown = roles.slice(0, SHOWN_ROLES).join(', ') || 'no role';
  const evidence = roles.length > SHOWN_ROLES ? `${shown} and more` : shown;
  if (strong.length === 0) return { evidence };
  const tooMuch = grants.roles.filter(({ role }) => STRONG_ROLES.test(role));
  return {
    evidence,
    warning: {
      code: 'OVER_PRIVILEGED',
      facts: { ...facts, what: tooMuch.map(({ role }) => session.clean(role, 60)).join(', ') || shown },
      remedies: revokeRoles(session, tooMuch),
    },
  };
}

/** Roles that come with MongoDB and write, or give rights to others (Atlas: `atlasAdmin`). */
const STRONG_ROLES =
  /^(root|__system|readWrite|readWriteAnyDatabase|dbOwner|dbAdmin|dbAdminAnyDatabase|userAdmin|userAdminAnyDatabase|clusterAdmin|clusterManager|hostManager|restore|atlasAdmin)$/;
