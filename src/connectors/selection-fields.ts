import { z } from 'zod';
import { database, type Field, field, printable, schemaSelection } from './fields.ts';

/** What of a database is read, and through what its changes are. */

/** Tables to read, each by its whole name. `of`: what stands before the dot. */
export function tableSelection(of: 'schema' | 'database'): Field<string[] | undefined> {
  return field(
    {
      class: 'setting',
      group: 'selection',
      role: 'tables',
      title: 'Tables',
      description: `Tables to read, as ${of}.table. Each is then checked by itself. Leave out for all.`,
      examples: [of === 'schema' ? ['public.orders'] : ['shop.orders']],
      aka: ['table', 'selected_tables', 'table_include_list'],
      advanced: true,
    },
    () => z.array(printable(200)).min(1).max(500).optional(),
  );
}

export function slotName(): Field<string | undefined> {
  return field(
    {
      class: 'setting',
      group: 'selection',
      role: 'slot_name',
      title: 'Replication slot',
      description: 'Slot that changes are to be read from. The cdc check looks whether it is fit; nothing is created.',
      examples: ['headwater'],
      aka: ['slot', 'replication_slot'],
      advanced: true,
    },
    () =>
      z
        .string()
        .max(63)
        .regex(/^[a-z0-9_]+$/, { error: 'may hold small letters, digits and underscores only' })
        .optional(),
  );
}

export function publicationName(): Field<string | undefined> {
  return field(
    {
      class: 'setting',
      group: 'selection',
      role: 'publication',
      title: 'Publication',
      description: 'Publication that changes are to be read through. The cdc check looks whether the tables are in it.',
      examples: ['headwater'],
      aka: ['publication_name'],
      advanced: true,
    },
    () => printable(63).optional(),
  );
}

/** The database to read, where it is one: the protocol needs none. */
export function oneDatabase(): Field<string | undefined> {
  const { facts, schema } = database({
    description:
      'Name of the database to read. Leave out to read all that the user sees, or name several in databases.',
  });
  return field(facts, () => schema().optional());
}

/** What PostgreSQL calls schemas, these servers call databases. */
export function databaseSelection(): Field<string[] | undefined> {
  const { facts } = schemaSelection();
  return field(
    {
      ...facts,
      title: 'Databases',
      description: 'Databases to read, where they are several. Leave out for the one in database, or for all.',
      examples: [['shop', 'crm']],
      aka: ['selected_databases', 'database_include_list', 'dbs'],
    },
    () => z.array(printable(64)).min(1).max(100).optional(),
  );
}
