import { z } from 'zod';
import type { Secret } from '../secrets/secret.ts';
import { holdsCertificates } from './certificate-text.ts';
import type { ConfigFault } from './define-connector.ts';
import { type Field, field, secretText } from './fields.ts';

const KEY_LINE = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** What a server may want to see of its client besides, or in place of, a password. */
export function clientCertificate(): { tls_cert: Field<string | undefined>; tls_key: Field<Secret | undefined> } {
  return { tls_cert: certificate(), tls_key: key() };
}

function certificate(): Field<string | undefined> {
  return field(
    {
      class: 'setting',
      group: 'tls',
      role: 'tls_cert',
      title: 'Client certificate',
      description: 'PEM text of the certificate to show to the server, with those between it and its authority.',
      advanced: true,
      aka: ['sslcert', 'client_cert', 'client_certificate', 'ssl_cert'],
    },
    () =>
      z
        .string()
        .max(65_536)
        .regex(/-----BEGIN CERTIFICATE-----/, { error: 'must be PEM text with a BEGIN CERTIFICATE line' })
        .refine((text) => !KEY_LINE.test(text), {
          error: 'holds a private key; that belongs into tls_key. Treat that key as exposed',
          abort: true,
        })
        .refine(holdsCertificates, { error: 'holds a certificate that cannot be read' })
        .optional(),
  );
}

function key(): Field<Secret | undefined> {
  return field(
    {
      class: 'secret',
      group: 'tls',
      role: 'tls_key',
      title: 'Client key',
      description: 'PEM text of the private key of the client certificate, without a passphrase.',
      examples: ['${file:/run/secrets/client.key}'],
      advanced: true,
      aka: ['sslkey', 'client_key', 'ssl_key'],
    },
    () => secretText().optional(),
  );
}

/** Neither is of use without the other, nor without TLS. */
export function clientCertificateFaults(config: Readonly<Record<string, unknown>>): ConfigFault[] {
  const given = ['tls_cert', 'tls_key'].filter((name) => config[name] !== undefined);
  const [only] = given;
  if (only !== undefined && given.length === 1) {
    const other = only === 'tls_cert' ? 'tls_key' : 'tls_cert';
    return [{ path: other, message: `is needed together with ${only}` }];
  }
  if (only === undefined || config['tls_mode'] !== 'disable') return [];
  return [{ path: 'tls_mode', message: 'is disable, and a client certificate is shown over TLS only' }];
}
