import { z } from 'zod';
import { database, type Field, field, schemaSelection } from '../fields.ts';

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
    () => z.array(z.string().min(1).max(64)).min(1).max(100).optional(),
  );
}
