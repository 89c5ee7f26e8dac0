import type { VendorFields } from '../../../connectors/vendor/field.ts';
import { MONGO_PARTS } from '../../../connectors/vendor/mongo-string.ts';
import { mongodbProbe } from './mongodb-probe.ts';
import { CONNECTION, composedString, isAtlasHost } from './mongodb-string.ts';
import { SIGNAL } from './relational.ts';
import { choice, LIST, needed, secret, text, whole } from './rows.ts';
import { source } from './source.ts';
import { ENRICHED } from './transforms.ts';

/** MongoDB: Atlas, one of your own, and DocumentDB. */

const DATABASES = 'database.include.list';
/** The database is one of the list; in the string it would be where the user was created. */
const { database: _, ...PARTS } = MONGO_PARTS;

function fields(arrayEncodings: readonly string[]): VendorFields {
  return {
    [CONNECTION]: secret('Connection string', 'Address with user and password: mongodb+srv://… or mongodb://….', {
      destination: true,
      group: 'connection',
      examples: ['mongodb+srv://streamkap:PASSWORD@shop.example.mongodb.net/?authSource=admin'],
      aka: ['connection_string', 'uri', 'mongodb.connection.string'],
    }),
    host: text('Host', 'Host name or IP address of the server, in place of a connection string.', {
      role: 'host',
      virtual: true,
    }),
    ...PARTS,
    [DATABASES]: needed('Databases', 'Databases to read, with commas between them.', {
      role: 'schemas',
      portable: LIST,
      alsoRoles: ['database'],
      aka: ['databases'],
    }),
    'collection.include.list.user.defined': needed(
      'Collections',
      'Collections to read, each as database.collection, with commas between them.',
      { role: 'tables', portable: LIST, aka: ['collections', 'collection.include.list'] },
    ),
    [SIGNAL]: needed(
      'Signal collection',
      'Collection for the signals of incremental snapshots, as database.collection.',
      {
        examples: ['shop.streamkap_signal'],
      },
    ),
    'transforms.unwrap.array.encoding': text(
      'Arrays',
      'array: as they are, of one type of element. array_string: as JSON text.',
      { default: 'array_string', enum: arrayEncodings },
    ),
    'transforms.unwrap.document.encoding': choice(
      'Nested documents',
      'Whether documents inside documents stay what they are or become JSON text.',
      ['document', 'string'],
    ),
    'cursor.oversize.handling.mode': choice(
      'Oversized changes',
      'What to do with a change that is larger than a document may be.',
      ['skip', 'split'],
    ),
    'cursor.oversize.skip.threshold': whole(
      'Oversized from',
      'Bytes from which on the change of a document is left out.',
      16_000_000,
      [1_000_000, 16_000_000],
    ),
  };
}

const HOSTED: VendorFields = {
  ...fields(['array', 'array_string', 'string']),
  'mongodb.connection.hostname': text('Host names', 'Streamkap reads them out of the connection string.', {
    serverAssigned: true,
  }),
  'cursor.pipeline': text('Pipeline', 'Further stages for the change stream, as a JSON array.'),
  ...ENRICHED,
};

const COMMON = {
  category: 'database',
  ssh: true,
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  compose: composedString,
  alternatives: {
    [CONNECTION]: [],
    host: Object.keys(PARTS),
  },
  probe: mongodbProbe,
} as const satisfies Partial<Parameters<typeof source>[0]>;

const PREREQUISITES = [
  'A replica set or a sharded cluster, and a user that may read the databases and write the signal collection.',
  'The addresses of Streamkap are permitted at the cluster, or an SSH server leads there.',
];

const example = (address: string) => ({
  [CONNECTION]: '${env:HEADWATER_SECRET_DB}',
  [DATABASES]: 'shop',
  'collection.include.list.user.defined': 'shop.orders',
  [SIGNAL]: address,
});

export const mongodbAtlas = source({
  ...COMMON,
  code: 'mongodb',
  name: 'MongoDB Atlas',
  aliases: ['atlas', 'mongo'],
  keywords: ['nosql', 'document'],
  fields: HOSTED,
  prerequisites: PREREQUISITES,
  example: example('shop.streamkap_signal'),
  instead: ({ host }) => (typeof host === 'string' && !isAtlasHost(host) ? 'mongodb_hosted' : undefined),
});

export const mongodbHosted = source({
  ...COMMON,
  code: 'mongodb_hosted',
  vendorCode: 'mongodbhosted',
  name: 'MongoDB',
  aliases: ['self-hosted mongodb'],
  keywords: ['nosql', 'document', 'mongo'],
  fields: HOSTED,
  prerequisites: PREREQUISITES,
  example: example('shop.streamkap_signal'),
});

export const documentdb = source({
  ...COMMON,
  code: 'documentdb',
  name: 'DocumentDB',
  aliases: ['amazon documentdb', 'docdb'],
  keywords: ['aws', 'mongodb', 'nosql'],
  fields: fields(['array', 'array_string']),
  prerequisites: ['Change streams are on for the collections.', ...PREREQUISITES.slice(1)],
  example: example('shop.streamkap_signal'),
});
