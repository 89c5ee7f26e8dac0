import { notReached } from '../../../connectors/vendor/probed-as.ts';
import { workerConnector } from './debezium.ts';
import { text, whole, worker } from './shared.ts';

export const file = workerConnector({
  code: 'file',
  vendorCode: 'org.apache.kafka.connect.file.FileStreamSourceConnector',
  name: 'File stream',
  category: 'file',
  aliases: ['filestream', 'FileStreamSource', 'FileStreamSourceConnector'],
  docsUrl: 'https://kafka.apache.org/documentation/#connect_running',
  note: 'for trying things out; lines of one file of a worker, which every worker must have',
  fields: {
    file: text('File', 'Path on the machine of the worker; its standard input without.', {
      essential: true,
      role: 'path',
      examples: ['/var/data/lines.txt'],
      aka: ['filename'],
    }),
    topic: text('Topic', 'Where the lines go.', { required: true, max: 249, examples: ['lines'] }),
    'batch.size': whole('Batch', 'Lines handed on at once.', { default: 2000, min: 1 }),
    ...worker('One file is read by one task.'),
  },
  capabilities: ['test'],
  prerequisites: [
    'The plugin connect-file in the plugin path of the workers: Kafka no longer puts it there by itself.',
  ],
  example: { file: '/var/data/lines.txt', topic: 'lines' },
  probe: notReached('the file', 'it is on the machine of the worker'),
});
