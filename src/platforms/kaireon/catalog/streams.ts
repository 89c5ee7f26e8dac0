import type { ConfigFault, Connector } from '../../../connectors/define-connector.ts';
import type { VendorFields } from '../../../connectors/vendor/field.ts';
import { awsPlace, brokerPlace } from '../../../connectors/vendor/places.ts';
import { type Place, reachedAt } from '../../../connectors/vendor/reached-at.ts';
import { kaireonConnector } from './connector.ts';
import { needed, region } from './fields.ts';
import { KEYS_OR_ROLE } from './ways.ts';

type Config = Readonly<Record<string, unknown>>;

const FIELDS: VendorFields = {
  bootstrapServers: needed('Bootstrap servers', {
    description: 'Brokers as HOST:PORT, separated by commas.',
    role: 'bootstrap_servers',
    destination: true,
    examples: ['broker-1.example.com:9092,broker-2.example.com:9092'],
    aka: ['bootstrap_servers', 'brokers'],
  }),
  maxMessages: {
    type: 'integer',
    title: 'Most messages',
    description: 'How many records one run reads at most.',
    default: 1000,
    min: 1,
    essential: true,
  },
};

const kafka = (
  row: Pick<Parameters<typeof kaireonConnector>[0], 'code' | 'name' | 'aliases' | 'keywords'>,
  tls?: Place['tls'],
) =>
  kaireonConnector({
    ...row,
    category: 'stream',
    fields: FIELDS,
    rules: brokerFaults,
    prerequisites: [
      'Records are read in batches, one per pipeline run, and their offsets committed.',
      'Topic, consumer group and wait go into options.extra_config under the keys of its form: no page names them.',
    ],
    example: { bootstrapServers: 'broker-1.example.com:9092' },
    probe: reachedAt(row.name, 'bootstrapServers', (own) => brokerPlace(own['bootstrapServers'], tls)),
  });

function brokerFaults({ bootstrapServers }: Config): ConfigFault[] {
  if (brokerPlace(bootstrapServers)) return [];
  return [{ path: 'bootstrapServers', message: 'must be HOST:PORT, several separated by commas' }];
}

const kinesis = kaireonConnector({
  code: 'kinesis',
  vendorCode: 'amazon_kinesis',
  name: 'Amazon Kinesis',
  category: 'stream',
  aliases: ['amazon_kinesis', 'aws kinesis'],
  keywords: ['amazon', 'data streams'],
  note: 'vendor: coming soon',
  fields: {
    streamName: needed('Stream', { description: 'Name of the stream.', max: 128, aka: ['stream_name', 'stream'] }),
    region: region(),
  },
  prerequisites: ['KaireonAI tests it already, but its pipelines read no rows from it yet.'],
  example: { streamName: 'orders', region: 'eu-central-1' },
  probe: reachedAt('Amazon Kinesis', 'region', (own) => awsPlace('kinesis', own['region'])),
  auth: KEYS_OR_ROLE,
});

export const STREAMS: readonly Connector[] = [
  kafka(
    { code: 'confluent_kafka', name: 'Confluent Cloud', aliases: ['confluent'], keywords: ['kafka'] },
    'verify-full',
  ),
  kafka({ code: 'kafka', name: 'Apache Kafka', aliases: ['kafka broker'], keywords: ['event stream', 'topic'] }),
  kinesis,
];
