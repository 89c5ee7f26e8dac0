import { type ProblemKind, place } from './kind.ts';

/** What only servers of MongoDB's protocol have: members, collections, change streams. */
export const MONGODB_PROBLEMS = {
  SRV_UNUSABLE: {
    actor: 'user',
    roles: ['host'],
    says: ({ host, what }) => `${host} cannot be used as a mongodb+srv address: ${what}`,
    fix: () => 'Copy the address from the provider anew; a plain host name goes without srv, with its port.',
  },
  MEMBER_UNREACHABLE: {
    actor: 'network_admin',
    says: ({ what }) => `Not every member can be reached: ${what}`,
    fix: () => 'Permit connections to all members: any of them may become the primary.',
  },
  TLS_ONLY: {
    actor: 'user',
    roles: ['tls_mode'],
    says: (facts) => `${place(facts)} speaks over TLS only`,
    fix: () => 'Set tls_mode to verify-full (or require, where its certificate is of an authority of your own).',
  },
  MEMBER_WITHOUT_DATA: {
    actor: 'user',
    roles: ['host'],
    says: (facts) => `Nothing can be read at ${place(facts)}: it is ${facts.what}`,
    fix: () => 'Name a member that holds data, or wait until this one has caught up.',
  },
  REPLICA_SET_UNINITIATED: {
    actor: 'dba',
    says: (facts) => `${place(facts)} is to be a member of a replica set that was never initiated`,
    fix: () => 'Run rs.initiate() there once; until then nothing can be read.',
  },
  REPLICA_SET_NAME: {
    actor: 'user',
    roles: ['replica_set'],
    says: ({ what, fix }) => `The server is ${what}, not a member of the replica set ${fix}`,
    fix: () => 'Correct replica_set, or leave it out: clients that are given another name find no server.',
  },
  LOGIN_MISSING: {
    actor: 'user',
    roles: ['username', 'password', 'auth_source'],
    says: ({ server }) => `${server} wants a login, and the config has no user`,
    fix: () => 'Add username and password (and auth_source, if the user was not created in admin).',
  },
  COLLECTIONS_DENIED: {
    actor: 'dba',
    roles: ['username'],
    says: ({ username, what }) => `${username} may not read ${what}`,
    fix: ({ username }) => `Give ${username} the role read on it.`,
  },
  NO_COLLECTIONS: {
    actor: 'user',
    roles: ['database', 'schemas'],
    says: ({ what }) => `There are no collections in ${what}`,
    fix: () => 'Check that this is the database you mean; databases come into being with their first document.',
  },
  COLLECTION_NOT_FOUND: {
    actor: 'user',
    roles: ['tables'],
    says: ({ username, what }) => `${username} sees no such collection: ${what}`,
    fix: () => 'Check the names: case counts, and the database stands before the dot.',
  },
  OVER_PRIVILEGED: {
    actor: 'dba',
    roles: ['username'],
    says: ({ username, what }) => `${username} may do more than read (${what})`,
    fix: ({ username }) => `Use a user that has the role read only, or take the other roles from ${username}.`,
  },
  CDC_STANDALONE: {
    actor: 'dba',
    says: ({ what }) => `Change data capture needs a replica set or a sharded cluster; this is ${what}`,
    fix: () => 'Turn the server into a replica set of one member: its data stays, and applications go on as before.',
  },
  CDC_NOT_OFFERED: {
    actor: 'user',
    roles: ['host'],
    says: ({ host, what }) => `No changes can be captured from ${host}: ${what}`,
    fix: ({ fix }) => fix || 'Use the address of the cluster itself.',
  },
  CDC_MONGODB_VERSION: {
    actor: 'dba',
    says: ({ what }) => `Change streams of databases need MongoDB 4.0; this is ${what}`,
    fix: () => 'Upgrade the server.',
  },
  CDC_STREAM_RIGHTS: {
    actor: 'dba',
    roles: ['username'],
    says: ({ username, what }) => `${username} may not follow the changes of ${what}`,
    fix: ({ username }) => `Give ${username} the actions find and changeStream there; the role read has both.`,
  },
  CDC_STREAM_OFF: {
    actor: 'dba',
    says: ({ what }) => `Changes of ${what} are not kept: change streams are off there`,
    fix: () => 'Turn change streams on for it (modifyChangeStreams).',
  },
  CDC_STREAM_FAILED: {
    actor: 'dba',
    says: ({ what }) => `No change stream could be opened on ${what}`,
    fix: () =>
      'Read what the server said (the evidence of this step); not every server of this protocol has change streams.',
  },
  CDC_PRE_IMAGES: {
    actor: 'dba',
    says: ({ what }) =>
      `Documents as they were before a change are kept for some of the selected collections only, not for ${what}`,
    fix: () => 'If they are wanted, turn them on for these as well (MongoDB 6.0 and newer).',
  },
  CDC_OPLOG_WINDOW: {
    actor: 'dba',
    says: ({ what }) => `Changes are kept for ${what} only; a source that stands still for longer starts anew`,
    fix: () => 'Keep them for 48 hours or more (a larger oplog, or minRetentionHours).',
  },
  CDC_MEMBER_NAMES: {
    actor: 'dba',
    roles: ['host'],
    says: ({ what }) => `The replica set sends its clients to ${what}, which means something else to other machines`,
    fix: () =>
      'Name its members by hosts that every client resolves (rs.reconfig), or have the platform connect directly.',
  },
} as const satisfies Record<string, ProblemKind>;
