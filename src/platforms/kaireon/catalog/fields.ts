import { originOf } from '../../../connectors/http-fields.ts';
import type { VendorField } from '../../../connectors/vendor/field.ts';

/** Fields that several of KaireonAI's connectors have, under its own keys. */

type Facts = Partial<VendorField> & Pick<VendorField, 'description'>;

export const text = (title: string, facts: Facts): VendorField => ({ type: 'string', title, ...facts });
export const needed = (title: string, facts: Facts): VendorField => text(title, { required: true, ...facts });

export const host = (description = 'Host name or address of the server.'): VendorField =>
  needed('Host', { description, role: 'host', max: 255, examples: ['db.example.com'], aka: ['hostname', 'server'] });

export const port = (standard: number): VendorField => ({
  type: 'port',
  title: 'Port',
  description: `Port of the server; ${standard} as a rule.`,
  role: 'port',
  required: true,
  examples: [standard],
});

export const database = (): VendorField =>
  needed('Database', { description: 'The database to read.', role: 'database', max: 255, aka: ['dbname'] });

/** KaireonAI has no documented key for it, so it steers our own test alone. */
export const tlsMode = (): VendorField => ({
  type: 'string',
  title: 'TLS mode',
  description: 'For the test from here. KaireonAI is told nothing of it: no page names its key.',
  role: 'tls_mode',
  enum: ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'],
  virtual: true,
});

export const sourceTable = (): VendorField =>
  needed('Source table', { description: 'The table to read, all of its columns.', max: 255, examples: ['ORDERS'] });

export const rowLimit = (): VendorField => ({
  type: 'integer',
  title: 'Row limit',
  description: 'Most rows of one read; 0 reads all of them.',
  default: 100_000,
  min: 0,
  essential: true,
});

export const bucket = (title: string): VendorField =>
  needed(title, { description: 'Its name.', role: 'bucket', max: 255, examples: ['acme-exports'] });

export const region = (): VendorField =>
  needed('Region', {
    description: 'AWS region.',
    role: 'region',
    destination: true,
    max: 40,
    examples: ['eu-central-1'],
  });

export const url = (description: string, facts: Partial<VendorField> = {}): VendorField =>
  text('URL', { description, role: 'url', canonical: originOf, max: 8192, ...facts });
