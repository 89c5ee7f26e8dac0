import type { VendorField } from '../../../connectors/vendor/field.ts';
import { TLS_MODES } from '../../../net/tls.ts';
import { itemsOf, secret, text } from './rows.ts';

/** Portable names that Streamkap has no field of its own for: the test uses them, and other fields are made of them. */

export const TLS_OF_TEST: VendorField = text(
  'TLS mode',
  'For the test only: Streamkap has no such setting here, and chooses by itself.',
  { role: 'tls_mode', enum: TLS_MODES, virtual: true },
);

export const ACCOUNT = {
  host: text('Host', 'Host name or IP address of the server, in place of a connection string.', {
    role: 'host',
    virtual: true,
  }),
  port: { type: 'port', title: 'Port', description: 'TCP port of the server.', role: 'port', virtual: true },
  username: text('User', 'The user that changes are read as.', { role: 'username', virtual: true }),
  password: secret('Password', 'Password of that user, as a reference.', { role: 'password', virtual: true }),
} as const satisfies Record<string, VendorField>;

/** The first of several names, where a probe can look at one. */
export const firstOf = (value: unknown) => itemsOf(value)[0];
