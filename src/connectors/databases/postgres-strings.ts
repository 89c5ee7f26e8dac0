import type { ConnectionStringRules } from '../../secrets/connection-string.ts';

/** libpq's and node's further words for TLS modes. */
const LIBPQ_MODES: Readonly<Record<string, string>> = { allow: 'prefer', 'no-verify': 'require' };

/** Connection strings of everything that speaks PostgreSQL's protocol (libpq, "Connection URIs"). */
export const POSTGRES_STRINGS: ConnectionStringRules = {
  schemes: ['postgresql', 'postgres'],
  parameters: {
    sslmode: { field: 'tls_mode', read: (text) => LIBPQ_MODES[text] ?? text },
    schema: { field: 'schemas', read: (text) => text.split(',') },
  },
  ignored: [
    'application_name',
    'connect_timeout',
    'channel_binding',
    'gssencmode',
    'keepalives',
    'target_session_attrs',
    'pgbouncer',
    'connection_limit',
    'pool_timeout',
    'supa',
  ],
};
