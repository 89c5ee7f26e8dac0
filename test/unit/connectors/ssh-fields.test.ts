import { expect, test } from 'vitest';
import { destinationOf, mergeConfig, parseConfig } from '../../../src/connectors/config.ts';
import { postgresql } from '../../../src/connectors/databases/postgresql.ts';
import { connectorSchema } from '../../../src/connectors/json-schema.ts';
import { HeadwaterError } from '../../../src/errors.ts';
import { keyPair } from '../../support/ssh-server.ts';

const { publicLine, fingerprint } = keyPair();
const database = { host: 'db.internal', database: 'shop', username: 'reader', password: 'a password' };
const ssh = { ssh_host: 'Bastion.Example.com.', ssh_username: 'tunnel', ssh_private_key: '${file:/run/secrets/key}' };

function faults(config: Record<string, unknown>): string[] {
  try {
    parseConfig(postgresql, config);
    return [];
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    return (error.details.fields ?? []).map(({ field, message }) => `${field} ${message}`);
  }
}

test('a tunnel is kept in one spelling, its key as a fingerprint', () => {
  const { settings, secrets } = parseConfig(postgresql, { ...database, ...ssh, ssh_host_key: `bastion ${publicLine}` });
  expect(settings).toMatchObject({ ssh_host: 'bastion.example.com', ssh_host_key: fingerprint });
  expect(settings).not.toHaveProperty('ssh_port');
  expect(Object.keys(secrets).sort()).toEqual(['password', 'ssh_private_key']);
});

test.each([
  [
    'nothing else',
    { ssh_host: 'b' },
    [
      'ssh_username is required with ssh_host',
      'ssh_private_key is required with ssh_host, or ssh_password in its place',
    ],
  ],
  [
    'no host',
    { ssh_port: 22, ssh_password: 'a password' },
    [
      'ssh_port is of use with ssh_host only: give that as well, or leave it out',
      'ssh_password is of use with ssh_host only: give that as well, or leave it out',
    ],
  ],
  [
    'a password and a key',
    { ...ssh, ssh_password: 'a password' },
    ['ssh_password cannot go with ssh_private_key; give one of them'],
  ],
  [
    'a passphrase without a key',
    { ssh_host: 'b', ssh_username: 't', ssh_password: 'a password', ssh_passphrase: 'x' },
    ['ssh_passphrase is the passphrase of ssh_private_key, which is not given'],
  ],
  [
    'a URL as the host',
    { ...ssh, ssh_host: 'ssh://bastion' },
    ['ssh_host must be a host name or IP address alone, without scheme, port or path; did you mean bastion?'],
  ],
  ['a port that is none', { ...ssh, ssh_port: 0 }, [expect.stringContaining('ssh_port ')]],
  [
    'a key that is none',
    { ...ssh, ssh_host_key: 'yes' },
    ['ssh_host_key must be a SHA256:… fingerprint, a public key or a line of known_hosts'],
  ],
  ["another tool's word", { ...ssh, bastion_host: 'b' }, [expect.stringMatching(/bastion_host .*ssh_host/)]],
])('refuses %s', (_, config, expected) => {
  expect(faults({ ...database, ...config })).toEqual(
    expected.map((fault) => (typeof fault === 'string' ? `/config/${fault}` : fault)),
  );
});

test('what is pinned stays with the server that it was seen at', () => {
  const before = parseConfig(postgresql, { ...database, ...ssh, ssh_host_key: fingerprint });
  const pinAfter = (patch: Record<string, unknown>, ...removed: string[]) =>
    mergeConfig(postgresql, before, patch, removed).settings['ssh_host_key'];
  expect(pinAfter({ username: 'other' })).toBe(fingerprint);
  expect(pinAfter({ ssh_host: 'BASTION.example.com' })).toBe(fingerprint);
  expect(pinAfter({ ssh_host: 'other.example.com' })).toBeUndefined();
  expect(pinAfter({ ssh_port: 2222 })).toBeUndefined();
  const other = keyPair().fingerprint;
  expect(pinAfter({ ssh_host: 'other.example.com', ssh_host_key: other })).toBe(other);
  expect(pinAfter({}, 'ssh_host', 'ssh_username', 'ssh_private_key')).toBeUndefined();
});

test('where the tunnel leads is a part of where secrets go', () => {
  const config = parseConfig(postgresql, { ...database, ...ssh, ssh_port: 2222, ssh_host_key: fingerprint });
  expect(Object.keys(destinationOf(postgresql, config))).toEqual(
    expect.arrayContaining(['host', 'port', 'ssh_host', 'ssh_port', 'ssh_host_key']),
  );
});

test('none of it is in the essential schema', () => {
  const [essential, full] = (['essential', 'full'] as const).map((detail) =>
    Object.keys(connectorSchema(postgresql, detail).schema['properties'] as object).filter((name) =>
      name.startsWith('ssh_'),
    ),
  );
  expect(essential).toEqual([]);
  expect(full).toHaveLength(7);
});
