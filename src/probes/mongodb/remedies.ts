import type { ProblemDetails, Remedy } from '../problems/index.ts';
import type { Role } from './known.ts';
import type { Session } from './session.ts';

/**
 * What an administrator runs in mongosh. Names from outside are in it only where they are fit to be shown; a password
 * is asked for by mongosh itself.
 */

const READER_ROLE = 'headwater_reader';

/** What is to be read: whole databases, single collections (`database.collection`), or, without either, everything. */
export interface Scope {
  databases?: readonly string[] | undefined;
  collections?: readonly string[] | undefined;
}

/** What is to be followed: the selected collections, the databases, or, without either, everything. */
export function scopeOf({ config, selected }: Session): Scope {
  return config.collections ? { collections: config.collections } : { databases: selected };
}

/** A line separator would be one in a comment. */
const js = (value: unknown) =>
  JSON.stringify(value).replace(/[\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16)}`);

/** Rights to read and to follow changes, and no more: where Atlas is recognised, by its own tool. */
export function grantReading(session: Session, scope: Scope, why: string): ProblemDetails {
  const { username } = session.config;
  if (username === undefined) return {};
  if (session.provider?.code.startsWith('atlas')) return atlasGrant(session, scope);
  return {
    remedies: scope.collections ? collectionGrants(session, scope.collections, why) : [roleGrant(session, scope, why)],
  };
}

function roleGrant(session: Session, scope: Scope, why: string): Remedy {
  const roles = rolesOf(session, scope);
  const target = usersOf(session);
  const user = js(session.config.username);
  return {
    stage: 'right',
    why,
    script: `${target}.grantRolesToUser(${user}, ${js(roles)});`,
    undo: `${target}.revokeRolesFromUser(${user}, ${js(roles)});`,
  };
}

function rolesOf(session: Session, { databases }: Scope): Role[] {
  if (!databases) return [{ role: 'readAnyDatabase', db: 'admin' }];
  return showable(session, databases).map((db) => ({ role: 'read', db }));
}

/** A role of its own with the collections, since the roles that come with MongoDB are of whole databases. */
function collectionGrants(session: Session, collections: readonly string[], why: string): Remedy[] {
  const privileges = showable(session, collections).map((whole) => {
    const dot = whole.indexOf('.');
    return {
      resource: { db: whole.slice(0, dot), collection: whole.slice(dot + 1) },
      actions: ['find', 'changeStream', 'collStats'],
    };
  });
  const admin = 'db.getSiblingDB("admin")';
  const role = js(READER_ROLE);
  const given = js([{ role: READER_ROLE, db: 'admin' }]);
  const user = js(session.config.username);
  return [
    {
      stage: 'right',
      why,
      script:
        `if (!${admin}.getRole(${role})) ${admin}.createRole({ role: ${role}, privileges: [], roles: [] });\n` +
        `${admin}.grantPrivilegesToRole(${role}, ${js(privileges)});\n` +
        `${usersOf(session)}.grantRolesToUser(${user}, ${given});`,
      undo: `${usersOf(session)}.revokeRolesFromUser(${user}, ${given});\n${admin}.dropRole(${role});`,
    },
  ];
}

function atlasGrant(session: Session, { databases, collections }: Scope): ProblemDetails {
  const roles = collections
    ? showable(session, collections).map((whole) => `read@${whole}`)
    : databases
      ? showable(session, databases).map((db) => `read@${db}`)
      : ['readAnyDatabase@admin'];
  const { username = '' } = session.config;
  return {
    actor: 'cloud_admin',
    command: `atlas dbusers update ${shell(username)} ${roles.map((role) => `--role ${shell(role)}`).join(' ')}`,
    advice: 'Give the user these roles in Database Access of the Atlas project; the command replaces the ones it has.',
  };
}

/** The account itself, for the administrator, where a login was rejected: there may be none. */
export function createUser(session: Session): Remedy[] {
  const { username, database, databases, collections } = session.config;
  if (username === undefined || session.authSource === '$external' || session.provider?.settingsBy === 'cloud_admin')
    return [];
  const scope = databases ?? (database === undefined ? undefined : [database]);
  const roles = collections ? [] : rolesOf(session, { databases: scope });
  const [target, user] = [usersOf(session), js(username)];
  return [
    {
      stage: 'account',
      actor: 'dba',
      why: 'If there is no such user yet; mongosh asks for the password, which then goes into the config.',
      script: `if (!${target}.getUser(${user})) ${target}.createUser({ user: ${user}, pwd: passwordPrompt(), roles: ${js(roles)} });`,
      undo: `${target}.dropUser(${user});`,
    },
  ];
}

export function revokeRoles(session: Session, roles: readonly Role[]): Remedy[] {
  const fitting = roles.filter(({ role, db }) => showable(session, [role, db]).length === 2);
  if (fitting.length === 0 || session.provider?.code.startsWith('atlas')) return [];
  const [target, user] = [usersOf(session), js(session.config.username)];
  return [
    {
      stage: 'right',
      why: 'What is only read needs no more than the role read.',
      script: `${target}.revokeRolesFromUser(${user}, ${js(fitting)});`,
      undo: `${target}.grantRolesToUser(${user}, ${js(fitting)});`,
    },
  ];
}

export function initiateReplicaSet(session: Session, started: boolean): Remedy[] {
  const name = js(session.replicaSet ?? 'rs0');
  const member = js(`${session.facts.host}:${session.facts.port}`);
  const initiate = `try { rs.status(); } catch (e) { rs.initiate({ _id: ${name}, members: [{ _id: 0, host: ${member} }] }); }`;
  if (started)
    return [{ stage: 'setting', why: 'The replica set is named, but was never initiated.', script: initiate }];
  return [
    {
      stage: 'restart',
      why: 'Change streams need a replica set; one with this one member is enough, and keeps the data as it is.',
      script:
        '// 1. In mongod.conf, and then restart mongod:\n' +
        '//      replication:\n' +
        `//        replSetName: ${name}\n` +
        '//    Where access control is on, members prove themselves to each other: also security.keyFile, a file of mode 0600\n' +
        '//    that the user of mongod owns (openssl rand -base64 756).\n' +
        `// 2. Then, once:\n${initiate}`,
    },
  ];
}

/** For how long changes are kept, at least (MongoDB 4.4 and newer). */
export function keepOplog(hours: number): Remedy[] {
  return [
    {
      stage: 'setting',
      why: 'Keeps changes for this long at least, as far as the disk holds them (MongoDB 4.4 and newer).',
      script: `db.adminCommand({ replSetResizeOplog: 1, minRetentionHours: Double(${hours}) });`,
      undo: `db.adminCommand({ replSetResizeOplog: 1, minRetentionHours: Double(0) });`,
    },
  ];
}

/** Images of documents before a change (MongoDB 6.0 and newer). */
export function keepPreImages(session: Session, collections: readonly string[]): Remedy[] {
  return showable(session, collections).map((whole) => {
    const dot = whole.indexOf('.');
    const set = (enabled: boolean) =>
      `db.getSiblingDB(${js(whole.slice(0, dot))}).runCommand({ collMod: ${js(whole.slice(dot + 1))}, changeStreamPreAndPostImages: { enabled: ${enabled} } });`;
    return {
      stage: 'table',
      why: 'Keeps documents as they were before a change.',
      script: set(true),
      undo: set(false),
    };
  });
}

/** Amazon DocumentDB writes changes down only where it is told to. */
export function turnStreamsOn(session: Session, { databases, collections }: Scope): Remedy[] {
  const names = collections
    ? showable(session, collections).map((whole) => [
        whole.slice(0, whole.indexOf('.')),
        whole.slice(whole.indexOf('.') + 1),
      ])
    : (databases ? showable(session, databases) : ['']).map((db) => [db, '']);
  return names.map(([database, collection]) => {
    const set = (enable: boolean) =>
      `db.adminCommand({ modifyChangeStreams: 1, database: ${js(database)}, collection: ${js(collection)}, enable: ${enable} });`;
    return {
      stage: 'setting',
      why: 'DocumentDB keeps changes only where it is told to.',
      script: set(true),
      undo: set(false),
    };
  });
}

/** The database that the user is kept in. */
function usersOf({ authSource }: Session): string {
  return `db.getSiblingDB(${js(authSource)})`;
}

/** Names that say in a script what they say on the server: those that cleaning leaves as they are. */
export function showable(session: Session, names: readonly string[]): string[] {
  return names.filter((name) => session.clean(name, 260) === name);
}

function shell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
