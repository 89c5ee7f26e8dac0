import { notReached } from '../../../connectors/vendor/probed-as.ts';
import { reachedAt } from '../../../connectors/vendor/reached-at.ts';
import { placeIn, placeOfUrl } from './reaching.ts';
import { choice, flag, LIST, needed, port, secret, tasks, text, tlsOf, when, whole } from './rows.ts';
import { source } from './source.ts';

/** Stores and streams that are no relational database. */

/** Where AWS serves one of its products. */
const aws = (product: string, region: unknown) => ({
  host: `${product}.${String(region)}.amazonaws.com${String(region).startsWith('cn-') ? '.cn' : ''}`,
  port: 443,
  tls: 'verify-full' as const,
});

export const dynamodb = source({
  code: 'dynamodb',
  name: 'DynamoDB',
  category: 'database',
  aliases: ['amazon dynamodb', 'dynamo'],
  keywords: ['aws', 'nosql'],
  fields: {
    'aws.region': needed('Region', 'Region of AWS that the tables are in.', {
      destination: true,
      examples: ['eu-west-1'],
    }),
    'aws.access.key.id': secret('Access key ID', 'ID of the access key, as a reference.', { required: true }),
    'aws.secret.key': secret('Secret access key', 'The secret half of that key, as a reference.', { required: true }),
    's3.export.bucket.name': needed('Export bucket', 'Bucket of S3 that tables are exported to for their first load.'),
    'table.include.list.user.defined': needed('Tables', 'Tables to read, with commas between them.', {
      role: 'tables',
      portable: LIST,
    }),
    'batch.size': { type: 'integer', title: 'Batch size', description: 'How many records make a batch.' },
    'dynamodb.service.endpoint': text('Endpoint', 'Address of the service, where it is not that of the region.', {
      destination: true,
    }),
    'tasks.max': tasks(10, 40),
    'snapshot.parallel.time.offset': whole(
      'Snapshot beside the stream',
      'Above 0, snapshots run beside the stream, their rows dated back by so many milliseconds.',
      0,
      [0, 604_800_000],
    ),
    'poll.timeout.ms': whole('Poll timeout', 'Milliseconds that a poll waits.', 180_000),
    'incremental.snapshot.chunk.size': whole(
      'Snapshot chunk size',
      'How many rows make a chunk of a snapshot.',
      32_768,
    ),
    'incremental.snapshot.max.threads': whole('Snapshot threads', 'How many threads a snapshot may use.', 8),
    'full.export.expiration.time.ms': whole(
      'Export validity',
      'Milliseconds that a full export is good for.',
      86_400_000,
    ),
    'signal.kafka.poll.timeout.ms': whole('Signal timeout', 'Milliseconds that a poll for signals waits.', 1000),
    'array.encoding.json': flag('Lists as JSON', 'Lists inside items become JSON text.', true),
    'struct.encoding.json': flag('Maps as JSON', 'Maps inside items become JSON text.', true),
  },
  capabilities: ['test'],
  prerequisites: [
    'Point-in-time recovery and streams on the tables, and a key that may read them and write the bucket.',
  ],
  example: {
    'aws.region': 'eu-west-1',
    'aws.access.key.id': '${env:HEADWATER_SECRET_AWS_KEY}',
    'aws.secret.key': '${env:HEADWATER_SECRET_AWS_SECRET}',
    's3.export.bucket.name': 'shop-exports',
    'table.include.list.user.defined': 'orders,customers',
  },
  probe: reachedAt(
    'DynamoDB',
    'aws.region',
    (config) => {
      const endpoint = config['dynamodb.service.endpoint'];
      return endpoint === undefined || endpoint === '' ? aws('dynamodb', config['aws.region']) : placeOfUrl(endpoint);
    },
    notReached('DynamoDB', 'dynamodb.service.endpoint is no address that begins with https:// or http://'),
  ),
});

export const s3 = source({
  code: 's3',
  name: 'S3',
  category: 'storage',
  aliases: ['amazon s3', 'aws s3'],
  keywords: ['bucket', 'object storage', 'files'],
  fields: {
    format: choice('Format', 'What the files are written in.', ['json', 'csv', 'avro'], { essential: true }),
    'csv.has.headers': flag('CSV has headers', 'The first row of a CSV file names its columns.', true),
    'topic.routing.enabled': flag('Topics by key', 'The key of a file says which topic it goes to.', false),
    'topic.routing.folder.skip': whole('Folders to skip', 'How many folders at the start of a key say nothing.', 0),
    'topic.routing.folder.levels': whole('Folders to use', 'How many folders of a key go into the topic.', 0),
    'topic.routing.advanced.expression': text('Topic expression', 'Expression in ScEL that stands above both.', {
      default: '',
    }),
    'topic.postfix': text('Topic suffix', 'How the topic ends that files go to by default.', { default: 'default' }),
    'topic.include.list.user.defined': text('Topics', 'Streamkap fills these in.', { serverAssigned: true }),
    'aws.access.key.id': text('Access key ID', 'ID of the access key.', { default: '', essential: true }),
    'aws.secret.access.key': secret('Secret access key', 'The secret half of that key, as a reference.', {
      default: '',
    }),
    'aws.s3.region': text('Region', 'Region of AWS that the bucket is in.', {
      default: 'us-west-2',
      destination: true,
      essential: true,
      enum: [
        'eu-west-2',
        'eu-west-1',
        'eu-central-1',
        'ap-south-1',
        'ap-northeast-2',
        'ap-northeast-1',
        'ap-southeast-1',
        'ap-southeast-2',
        'us-east-1',
        'us-east-2',
        'us-west-1',
        'us-west-2',
      ],
    }),
    'aws.s3.bucket.name': text('Bucket', 'Bucket to read.', { default: '', essential: true }),
    'aws.s3.bucket.prefix': text('Prefix', 'Only what stands below this prefix is read.', {
      default: 'file-pulse/',
      essential: true,
    }),
    'fs.scan.interval.ms': whole('Interval', 'Milliseconds between two looks into the bucket.', 10_000, [100, 100_000]),
    'fs.cleanup.policy.class.user.defined': choice(
      'After reading',
      'What becomes of a file that was read: Log leaves it, Delete removes it.',
      ['Log', 'Delete'],
    ),
    'tasks.max': tasks(5, 10),
  },
  capabilities: ['test'],
  prerequisites: ['A key that may list the bucket and read its objects, and delete them where they are to go.'],
  example: {
    format: 'json',
    'aws.access.key.id': 'AKIAEXAMPLE',
    'aws.secret.access.key': '${env:HEADWATER_SECRET_AWS_SECRET}',
    'aws.s3.region': 'eu-west-1',
    'aws.s3.bucket.name': 'shop-events',
  },
  probe: reachedAt('S3', 'aws.s3.region', (config) => aws('s3', config['aws.s3.region'])),
});

const firstHost = (hosts: unknown) => String(hosts).split(';')[0]?.trim();

export const elasticsearch = source({
  code: 'elasticsearch',
  name: 'ElasticSearch',
  category: 'database',
  aliases: ['elastic', 'elastic search'],
  keywords: ['opensearch', 'search', 'index'],
  fields: {
    'es.host': needed('Host', 'Host name, or several with semicolons between them.', {
      role: 'host',
      aka: ['hostname'],
    }),
    'es.scheme': text('Scheme', 'Over TLS or in the clear.', {
      default: 'https',
      enum: ['http', 'https'],
      role: 'tls_mode',
      portable: tlsOf('https', 'http'),
    }),
    'es.port': port('Port', 'TCP port of its HTTP interface.', '443', { role: 'port' }),
    'http.auth.user.defined': text('Authentication', 'Basic: a user with a password. None: nobody asks.', {
      default: 'Basic',
      enum: ['None', 'Basic'],
      essential: true,
    }),
    'http.auth.user': text('User', 'The user to read as.', {
      required: true,
      role: 'username',
      shownWhen: [when('http.auth.user.defined', 'Basic')],
    }),
    'http.auth.password': secret('Password', 'Password of that user, as a reference.', {
      required: true,
      role: 'password',
      shownWhen: [when('http.auth.user.defined', 'Basic')],
    }),
    'endpoint.include.list.user.defined': needed('Indices', 'Indices to read, with commas between them.', {
      role: 'tables',
      portable: LIST,
    }),
    'datetime.field.name': needed('Time field', 'Field of the documents by which new ones are told.'),
    'datetime.field.value': text('Start at', 'Time to start at; empty: now.'),
    'tasks.max': tasks(5, 10),
  },
  capabilities: ['test'],
  prerequisites: ['Every document has a field with the time of its last change.'],
  example: {
    'es.host': 'search.example.com',
    'http.auth.user': 'streamkap',
    'http.auth.password': '${env:HEADWATER_SECRET_ES}',
    'endpoint.include.list.user.defined': 'orders',
    'datetime.field.name': '@timestamp',
  },
  probe: reachedAt('Elasticsearch', undefined, (config) => ({
    ...placeIn({ ...config, 'es.host': firstHost(config['es.host']) }, 'es.host', 'es.port'),
    ...(config['es.scheme'] === 'https' ? { tls: 'require' as const } : {}),
  })),
});
