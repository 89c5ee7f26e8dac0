import { describe, expect, it } from 'vitest';
import { mongoString } from '../../../src/connectors/vendor/mongo-string.ts';
import { awsPlace, azureStoragePlace, brokerPlace, snowflakePlace } from '../../../src/connectors/vendor/places.ts';
import { Secret } from '../../../src/secrets/secret.ts';

describe('where cloud services are', () => {
  it.each([
    ['xy12345.us-east-1', 'xy12345.us-east-1.snowflakecomputing.com'],
    ['ACME_org-Prod', 'acme-org-prod.snowflakecomputing.com'],
    ['https://xy12345.snowflakecomputing.com/console', 'xy12345.snowflakecomputing.com'],
  ])('Snowflake %s', (account, host) => {
    expect(snowflakePlace(account)).toEqual({ host, port: 443, tls: 'verify-full' });
  });

  it('AWS and Azure by region and account', () => {
    expect(awsPlace('s3', 'eu-central-1').host).toBe('s3.eu-central-1.amazonaws.com');
    expect(awsPlace('kinesis', 'cn-north-1').host).toBe('kinesis.cn-north-1.amazonaws.com.cn');
    expect(azureStoragePlace('AcmeData').host).toBe('acmedata.blob.core.windows.net');
  });

  it.each([
    ['b1:9092,b2:9093', { host: 'b1', port: 9092 }],
    [' SASL_SSL://b1.example.com:9094 ', { host: 'b1.example.com', port: 9094 }],
    ['[::1]:9092', { host: '::1', port: 9092 }],
    ['b1', undefined],
    ['', undefined],
  ])('the first of the brokers %s', (servers, place) => {
    expect(brokerPlace(servers)).toEqual(place);
  });
});

describe('a connection string of MongoDB parts', () => {
  const text = (host: string, parts: Record<string, unknown>) => {
    const made = mongoString(host, parts);
    return made instanceof Secret ? made.reveal() : made;
  };

  it('holds what there is, encoded', () => {
    expect(text('db.example.com', {})).toBe('mongodb://db.example.com/');
    expect(text('::1', { port: 27017, username: 'a b', password: new Secret('p:/?#@') })).toBe(
      'mongodb://a%20b:p%3A%2F%3F%23%40@[::1]:27017/',
    );
    expect(text('h', { database: 'd', auth_source: 'admin', replica_set: 'rs0', tls_mode: 'verify-full' })).toBe(
      'mongodb://h/d?authSource=admin&replicaSet=rs0&tls=true',
    );
    expect(text('h', { tls_mode: 'prefer' })).toBe('mongodb://h/');
  });

  it('is nothing where the password is held elsewhere', () => {
    const held = { scheme: 'platform', target: '' };
    expect(mongoString('h', { username: 'u', password: held })).toBe(held);
  });
});
