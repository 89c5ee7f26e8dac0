import type { VendorField } from '../../../connectors/vendor/field.ts';

/** Fields that several of camelAI's connection types have, under its own keys and with its own limits. */

type Facts = Partial<VendorField> & Pick<VendorField, 'description'>;

const LONGEST = 255;

export const text = (title: string, facts: Facts): VendorField => ({
  type: 'string',
  title,
  min: 1,
  max: LONGEST,
  ...facts,
});

export const hostname = (facts: Partial<VendorField> = {}): VendorField =>
  text('Host', {
    description: 'Host name or address of the server.',
    role: 'host',
    examples: ['db.example.com'],
    aka: ['server', 'address'],
    ...facts,
  });

export const port = (standard: number): VendorField => ({
  type: 'integer',
  title: 'Port',
  description: 'Port of the server.',
  role: 'port',
  default: standard,
  min: 1,
  max: 65_535,
});

export const username = (facts: Partial<VendorField> = {}): VendorField =>
  text('User', { description: 'The user to log in as.', role: 'username', aka: ['login'], ...facts });

export const password = (facts: Partial<VendorField> = {}): VendorField => ({
  type: 'string',
  title: 'Password',
  description: "The user's password.",
  role: 'password',
  secret: true,
  min: 1,
  aka: ['pass', 'pwd'],
  ...facts,
});

export const databaseName = (facts: Partial<VendorField> = {}): VendorField =>
  text('Database', { description: 'The database to read.', role: 'database', aka: ['dbname', 'db'], ...facts });

/** It is a secret, and says where secrets go. */
export const connectionString = (facts: Facts): VendorField => ({
  type: 'string',
  title: 'Connection string',
  role: 'connection_string',
  secret: true,
  destination: true,
  min: 1,
  aka: ['connectionString', 'uri', 'dsn'],
  ...facts,
});

/** camelAI has no such setting, so it steers our own test alone. */
export const tlsMode = (): VendorField => ({
  type: 'string',
  title: 'TLS mode',
  description: 'For the test from here. camelAI has no such setting and is told nothing of it.',
  role: 'tls_mode',
  enum: ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'],
  virtual: true,
});
