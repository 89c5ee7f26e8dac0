import { HeadwaterError } from '../../errors.ts';
import type { ConnectionStringRules } from '../../secrets/connection-string.ts';

type Found = Readonly<Record<string, unknown>>;

/** Parameters that together make one TLS mode, until all are read; none is a field. */
const ASKED = 'tls?';
const LOOSE_NAME = 'tls name?';
const LOOSE_ALL = 'tls all?';

const MODES: Readonly<Record<string, string>> = { true: 'true', false: 'false' };
const flag = (field: string) => ({ field, read: (text: string) => MODES[text.toLowerCase()] ?? text });

const FILES = 'names a file of this machine; put the PEM text itself into the config';
const IDENTITY = 'is for identities that belong to this machine, which are never lent';
const PROXY = 'leads through a proxy; an SSH tunnel is what there is for that';

/**
 * Connection strings of MongoDB ("Connection Strings", "Initial DNS Seedlist Discovery"). In them TLS without further
 * words means that the certificate is checked wholly, as MongoDB's own drivers have it.
 */
export const MONGODB_STRINGS: ConnectionStringRules = {
  schemes: ['mongodb', 'mongodb+srv'],
  furtherHosts: 'members',
  parameters: {
    authSource: { field: 'auth_source' },
    authMechanism: { field: 'auth_mechanism' },
    replicaSet: { field: 'replica_set' },
    tls: flag(ASKED),
    ssl: flag(ASKED),
    tlsAllowInvalidHostnames: flag(LOOSE_NAME),
    tlsAllowInvalidCertificates: flag(LOOSE_ALL),
    tlsInsecure: flag(LOOSE_ALL),
  },
  ignored: [
    'appName',
    'compressors',
    'zlibCompressionLevel',
    'connectTimeoutMS',
    'socketTimeoutMS',
    'timeoutMS',
    'serverSelectionTimeoutMS',
    'serverSelectionTryOnce',
    'localThresholdMS',
    'heartbeatFrequencyMS',
    'serverMonitoringMode',
    'maxPoolSize',
    'minPoolSize',
    'maxConnecting',
    'maxIdleTimeMS',
    'waitQueueTimeoutMS',
    'retryReads',
    'retryWrites',
    'readConcernLevel',
    'readPreference',
    'readPreferenceTags',
    'maxStalenessSeconds',
    'w',
    'wtimeoutMS',
    'journal',
    'directConnection',
    'uuidRepresentation',
    'maxIdletimeMS',
    'tlsDisableOCSPEndpointCheck',
    'tlsDisableCertificateRevocationCheck',
  ],
  refused: {
    tlsCAFile: `${FILES}, as tls_ca`,
    tlsCertificateKeyFile: FILES,
    tlsCertificateKeyFilePassword: 'goes with a file of this machine',
    sslCA: FILES,
    ssl_ca_certs: FILES,
    authMechanismProperties: IDENTITY,
    gssapiServiceName: IDENTITY,
    proxyHost: PROXY,
    proxyPort: PROXY,
    proxyUsername: PROXY,
    proxyPassword: PROXY,
    loadBalanced: 'is said by the DNS of an SRV address',
    srvServiceName: 'asks for records of another service',
    srvMaxHosts: 'leaves hosts out; every one is judged',
    autoEncryption: 'is for writing',
  },
  finish: (found, scheme) => withDefaultSource(withTlsMode(found), scheme),
};

function withTlsMode(found: Found): Found {
  const { [ASKED]: asked, [LOOSE_NAME]: looseName, [LOOSE_ALL]: looseAll, ...rest } = found;
  if (asked === 'false') return { ...rest, tls_mode: 'disable' };
  const mode =
    looseAll === 'true'
      ? 'require'
      : looseName === 'true'
        ? 'verify-ca'
        : asked === undefined
          ? undefined
          : (MODES[String(asked)] ?? asked);
  if (mode === undefined) return rest;
  return { ...rest, tls_mode: mode === 'true' ? 'verify-full' : mode };
}

/** The database in the path is also where the user was created, unless something says otherwise: of SRV, DNS may. */
function withDefaultSource(found: Found, scheme: string): Record<string, unknown> {
  if (scheme === 'mongodb+srv') {
    if (found['port'] !== undefined || found['members'] !== undefined) throw oneNameOnly();
    return { ...found, srv: true };
  }
  const { database, username } = found;
  if (database === undefined || username === undefined || found['auth_source'] !== undefined) return { ...found };
  return { ...found, auth_source: database };
}

function oneNameOnly(): HeadwaterError {
  const message = 'a mongodb+srv:// address has one name and no port';
  return new HeadwaterError('INVALID_CONFIG', `The connection string cannot be used: ${message}.`, {
    fields: [{ field: '/config/connection_string', message }],
    hint: 'Hosts and ports come from DNS there. For hosts with ports, the address begins with mongodb://.',
  });
}
