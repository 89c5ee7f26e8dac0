import type { Place } from './reached-at.ts';

/** Where cloud services are reached, by what a config says of them. Sources: the clouds' own pages on endpoints. */

const https = (host: string): Place => ({ host, port: 443, tls: 'verify-full' });

/** `xy12345.us-east-1`, `org-account`, or the whole host name. */
export function snowflakePlace(account: unknown): Place {
  const name = String(account)
    .trim()
    .toLowerCase()
    .replace(/^https:\/\//, '')
    .replace(/\/.*$/, '');
  const bare = name.replace(/\.snowflakecomputing\.com$/, '');
  // Host names take no underscore; Snowflake has the same host with a hyphen.
  return https(`${bare.replaceAll('_', '-')}.snowflakecomputing.com`);
}

export const bigQueryPlace = (): Place => https('bigquery.googleapis.com');
export const googleStoragePlace = (): Place => https('storage.googleapis.com');

export function azureStoragePlace(account: unknown): Place {
  return https(`${String(account).trim().toLowerCase()}.blob.core.windows.net`);
}

/** An AWS service in a region; those of China have a domain of their own. */
export function awsPlace(service: string, region: unknown): Place {
  const name = String(region).trim().toLowerCase();
  return https(`${service}.${name}.amazonaws.com${name.startsWith('cn-') ? '.cn' : ''}`);
}

/** An API whose address is the same for everybody. */
export const apiPlace = (host: string) => (): Place => https(host);

/** The first of a list of brokers with ports: `broker-1:9092,broker-2:9092`. */
export function brokerPlace(servers: unknown, tls?: Place['tls']): Place | undefined {
  const first = (Array.isArray(servers) ? String(servers[0] ?? '') : String(servers)).split(',')[0]?.trim() ?? '';
  const [, host, port] = /^(?:[A-Z_]+:\/\/)?(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(first) ?? [];
  if (host === undefined || port === undefined) return undefined;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port), ...(tls === undefined ? {} : { tls }) };
}
