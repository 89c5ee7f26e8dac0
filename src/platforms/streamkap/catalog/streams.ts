import { notReached } from '../../../connectors/vendor/probed-as.ts';
import { reachedAt } from '../../../connectors/vendor/reached-at.ts';
import { placeIn } from './reaching.ts';
import { choice, flag, LIST, needed, port, secret, tasks, text, tlsOf, when, whole } from './rows.ts';
import { source } from './source.ts';

/** Redis, and Streamkap's own Kafka. */

const STREAM = [when('connector.class.type', 'Stream')];
const KEYS = [when('connector.class.type', 'Keys')];

export const redis = source({
  code: 'redis',
  name: 'Redis',
  category: 'stream',
  keywords: ['valkey', 'key value', 'stream'],
  fields: {
    'connector.class.type': choice('Mode', 'Stream: reads a stream. Keys: watches keys.', ['Stream', 'Keys'], {
      essential: true,
    }),
    'redis.host.user.defined': needed('Host', 'Host name or IP address of the server.', {
      role: 'host',
    }),
    'redis.port.user.defined': port('Port', 'TCP port of the server.', '6379', { role: 'port' }),
    'redis.username': needed('User', 'User of the access list; `default` where there is none.', { role: 'username' }),
    'redis.password': secret('Password', 'Password of that user, as a reference.', {
      required: true,
      role: 'password',
    }),
    'ssl.enabled': flag('TLS', 'Whether the connection is encrypted.', true, {
      role: 'tls_mode',
      portable: tlsOf(true, false),
    }),
    'redis.stream.name': text('Stream', 'Stream to read.', { required: true, shownWhen: STREAM }),
    'redis.stream.offset.user.defined': choice('Start', 'Where reading begins.', ['Latest', 'Earliest'], {
      shownWhen: STREAM,
    }),
    'redis.stream.delivery.user.defined': choice(
      'Delivery',
      'Whether a message may come twice or may be lost.',
      ['At Least Once', 'At Most Once'],
      { shownWhen: STREAM },
    ),
    'redis.stream.block.seconds.user.defined': whole('Wait', 'Seconds that a read waits for messages.', 1, [1, 60], {
      shownWhen: STREAM,
    }),
    'redis.stream.consumer.group': text('Consumer group', 'Name of the group of consumers.', {
      default: 'kafka-consumer-group',
      shownWhen: STREAM,
    }),
    'redis.stream.consumer.name.user.defined': text('Consumer', 'How the names of consumers begin.', {
      default: 'consumer',
      shownWhen: STREAM,
    }),
    'redis.keys.pattern.user.defined': text('Key pattern', 'Pattern of the keys to watch.', {
      required: true,
      default: '*',
      shownWhen: KEYS,
    }),
    'redis.keys.timeout.seconds.user.defined': whole(
      'Idle timeout',
      'Seconds without a change after which watching ends.',
      300,
      [60, 3600],
      { shownWhen: KEYS },
    ),
    mode: choice('Keys mode', 'LIVE: what is there and then changes. LIVEONLY: changes alone.', ['LIVE', 'LIVEONLY'], {
      shownWhen: KEYS,
    }),
    'topic.use.stream.name': flag('Topic of the stream', 'The topic is called as the stream is.', false, {
      shownWhen: STREAM,
    }),
    'topic.user.defined': text('Topic', 'Topic of Kafka to write to.', { essential: true }),
    'tasks.max': { ...tasks(1, 10), required: true, shownWhen: STREAM },
  },
  capabilities: ['test'],
  prerequisites: ['A user that may read the stream; for keys, keyspace notifications are on.'],
  example: {
    'redis.host.user.defined': 'redis.example.com',
    'redis.username': 'default',
    'redis.password': '${env:HEADWATER_SECRET_REDIS}',
    'redis.stream.name': 'orders',
    'topic.user.defined': 'orders',
  },
  probe: reachedAt('Redis', undefined, (config) => ({
    ...placeIn(config, 'redis.host.user.defined', 'redis.port.user.defined'),
    ...(config['ssl.enabled'] === true ? { tls: 'require' as const } : {}),
  })),
});

export const kafkaDirect = source({
  code: 'kafka_direct',
  vendorCode: 'kafkadirect',
  name: 'Kafka Direct',
  category: 'stream',
  aliases: ['kafka'],
  records: false,
  fields: {
    'topic.prefix': needed('Topic prefix', 'How the names of the topics begin.'),
    'topic.include.list.user.defined': needed('Topics', 'Topics to read, with commas between them.', {
      role: 'tables',
      portable: LIST,
    }),
    format: text('Format', 'What the messages are written in.', {
      default: 'string',
      enum: ['json', 'string', 'avro'],
    }),
    'schemas.enable': flag('With schemas', 'Messages hold a schema and a payload.', false, {
      required: true,
      shownWhen: [when('format', 'json')],
    }),
  },
  capabilities: ['test'],
  prerequisites: ["A user of Streamkap's own Kafka, with which your producers write."],
  example: { 'topic.prefix': 'shop', 'topic.include.list.user.defined': 'shop.orders' },
  probe: notReached('Kafka Direct', "the topics are in Streamkap's own Kafka"),
});
