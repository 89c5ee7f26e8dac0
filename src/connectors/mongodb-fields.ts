import { z } from 'zod';
import { type Field, field, printable, setting, username } from './fields.ts';
import { tableSelection } from './selection-fields.ts';

/** What only MongoDB's addresses and accounts have. */

const HOST_AND_PORT = /^(\[[0-9a-f:.]+\]|[^\s:[\]/@?#,]+)(?::(\d{1,5}))?$/i;

/** Further hosts of a replica set or a sharded cluster, beside `host`. */
export function members(): Field<string[] | undefined> {
  return setting(
    {
      class: 'destination',
      group: 'connection',
      title: 'Further members',
      description:
        'Further hosts of the replica set, each as host or host:port. The first one that answers is tested, and the others are dialled.',
      examples: [['db2.example.com:27017']],
      aka: ['hosts', 'seeds', 'seed_list', 'further_hosts'],
      advanced: true,
    },
    () => z.array(member()).min(1).max(20).optional(),
  );
}

const member = () =>
  printable(261).refine((text) => {
    const port = HOST_AND_PORT.exec(text)?.[2];
    return HOST_AND_PORT.test(text) && (port === undefined || (Number(port) > 0 && Number(port) < 65_536));
  }, 'must be host or host:port');

export function srv(): Field<boolean> {
  return setting(
    {
      class: 'destination',
      group: 'connection',
      title: 'SRV address',
      description:
        'host is the name of a mongodb+srv:// address (Atlas): the hosts and their ports come from DNS, and tls_mode prefer means verify-full.',
      aka: ['use_srv', 'dns_seedlist', 'mongodb_srv'],
    },
    () => z.boolean().default(false),
  );
}

/** Servers without access control need none. */
export function optionalUsername(): Field<string | undefined> {
  const { facts, schema } = username();
  return field(facts, () => schema().optional());
}

export function authSource(): Field<string | undefined> {
  return setting(
    {
      group: 'authentication',
      role: 'auth_source',
      title: 'Authentication database',
      description: 'The database that the user was created in; admin where it is left out. $external for LDAP.',
      examples: ['admin'],
      aka: ['auth_db', 'authentication_database', 'auth_database', 'authsource'],
      advanced: true,
    },
    () => printable(63).optional(),
  );
}

export const MECHANISMS = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN'] as const;

export function authMechanism(): Field<(typeof MECHANISMS)[number] | undefined> {
  return setting(
    {
      group: 'authentication',
      title: 'Authentication mechanism',
      description:
        'Leave out: the server says which it has. PLAIN (LDAP) is used only over TLS, and only if named here.',
      aka: ['mechanism', 'authmechanism'],
      advanced: true,
    },
    () => z.enum(MECHANISMS).optional(),
  );
}

export function replicaSet(): Field<string | undefined> {
  return setting(
    {
      group: 'connection',
      role: 'replica_set',
      title: 'Replica set',
      description: 'Name of the replica set. The test compares it with the name that the server says.',
      examples: ['rs0'],
      aka: ['replicaset', 'replica_set_name', 'rs_name'],
      advanced: true,
    },
    () => printable(100).optional(),
  );
}

export function collectionSelection(): Field<string[] | undefined> {
  const { facts } = tableSelection('database');
  return setting(
    {
      ...facts,
      class: 'setting',
      title: 'Collections',
      description: 'Collections to read, as database.collection. Each is then checked by itself. Leave out for all.',
      examples: [['shop.orders']],
      aka: ['tables', 'collection', 'selected_collections', 'collection_include_list'],
    },
    () =>
      z
        .array(printable(255).regex(/^[^.]+\../, { error: 'must be database.collection' }))
        .min(1)
        .max(500)
        .optional(),
  );
}
