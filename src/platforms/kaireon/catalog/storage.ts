import type { Connector } from '../../../connectors/define-connector.ts';
import { awsPlace, azureStoragePlace, googleStoragePlace } from '../../../connectors/vendor/places.ts';
import { reached } from '../../../connectors/vendor/probed-as.ts';
import { reachedAt } from '../../../connectors/vendor/reached-at.ts';
import { kaireonConnector } from './connector.ts';
import { bucket, host, needed, port, region, text } from './fields.ts';
import { KEYS_OR_ROLE } from './ways.ts';

const s3 = kaireonConnector({
  code: 's3',
  vendorCode: 'aws_s3',
  name: 'Amazon S3',
  category: 'storage',
  aliases: ['aws_s3', 'simple storage service'],
  keywords: ['amazon', 'bucket', 'parquet', 'csv'],
  fields: {
    bucket: bucket('Bucket'),
    region: region(),
    prefix: text('Prefix', { description: 'Only what begins with it is read.', role: 'prefix', max: 1024 }),
  },
  auth: KEYS_OR_ROLE,
  prerequisites: ['Keys or a role that may list the bucket and read what is in it.'],
  example: {
    bucket: 'acme-exports',
    region: 'eu-central-1',
    auth: { method: 'access_key', credentials: '${env:HEADWATER_SECRET_S3}' },
  },
  probe: reachedAt('Amazon S3', 'region', (own) => awsPlace('s3', own['region'])),
});

const gcs = kaireonConnector({
  code: 'gcs',
  name: 'Google Cloud Storage',
  category: 'storage',
  aliases: ['google storage'],
  keywords: ['gcp', 'bucket'],
  fields: {
    bucket: bucket('Bucket'),
    project: needed('Project', { description: 'Google Cloud project.', role: 'project', max: 255 }),
  },
  prerequisites: ['A service account that may list the bucket and read what is in it.'],
  example: {
    bucket: 'acme-exports',
    project: 'acme-analytics',
    auth: { method: 'access_key', credentials: '${file:/run/secrets/gcs.json}' },
  },
  probe: reachedAt('Google Cloud Storage', 'bucket', googleStoragePlace),
});

const azureBlob = kaireonConnector({
  code: 'azure_blob',
  name: 'Azure Blob Storage',
  category: 'storage',
  aliases: ['azure storage', 'blob storage'],
  keywords: ['microsoft', 'container'],
  fields: {
    container: bucket('Container'),
    storageAccount: needed('Storage account', {
      description: 'Name of the account, as in its address.',
      role: 'account',
      destination: true,
      max: 63,
      aka: ['storage_account', 'account'],
    }),
  },
  rules: ({ storageAccount }) =>
    /^[a-z0-9]{3,24}$/i.test(String(storageAccount))
      ? []
      : [{ path: 'storageAccount', message: 'must be the name alone: 3 to 24 letters and digits' }],
  prerequisites: ['A key or token that may list the container and read what is in it.'],
  example: {
    container: 'exports',
    storageAccount: 'acmedata',
    auth: { method: 'access_key', credentials: '${env:HEADWATER_SECRET_AZURE}' },
  },
  probe: reachedAt('Azure Blob Storage', 'storageAccount', (own) => azureStoragePlace(own['storageAccount'])),
});

const sftp = kaireonConnector({
  code: 'sftp',
  name: 'SFTP',
  category: 'storage',
  aliases: ['ssh file transfer'],
  keywords: ['ssh', 'files'],
  fields: { host: host(), port: port(22) },
  prerequisites: ['A user of the server, with a password or key, that may read the folder.'],
  example: {
    host: 'files.example.com',
    port: 22,
    auth: { method: 'access_key', credentials: '${env:HEADWATER_SECRET_SFTP}' },
  },
  probe: reached('SFTP'),
});

export const STORAGE: readonly Connector[] = [azureBlob, gcs, s3, sftp];
