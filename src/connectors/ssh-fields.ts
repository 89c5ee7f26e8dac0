import { z } from 'zod';
import { hostKeyFingerprint } from '../net/ssh-host-key.ts';
import type { Secret } from '../secrets/secret.ts';
import type { ConfigFault } from './define-connector.ts';
import { type Field, type FieldFacts, field, printable, secretText } from './fields.ts';

const NAMES = [
  'ssh_host',
  'ssh_port',
  'ssh_username',
  'ssh_password',
  'ssh_private_key',
  'ssh_passphrase',
  'ssh_host_key',
] as const;
type Name = (typeof NAMES)[number];

type SshFields = {
  [K in Name]: Field<
    (K extends 'ssh_port' ? number : K extends (typeof SECRETS)[number] ? Secret : string) | undefined
  >;
};
const SECRETS = ['ssh_password', 'ssh_private_key', 'ssh_passphrase'] as const;

/** The fields of a connector that can be reached through an SSH server. They go with `sshFaults` as its rules. */
export function sshTunnel(): SshFields {
  return {
    ssh_host: ssh('ssh_host', () => printable(255).optional(), {
      class: 'destination',
      title: 'SSH host',
      description:
        'SSH server to go through: host name or IP address. host and port are then as that server sees them.',
      examples: ['bastion.example.com'],
      aka: ['bastion', 'bastion_host', 'jump_host', 'tunnel_host', 'ssh_hostname', 'ssh_server'],
    }),
    ssh_port: ssh('ssh_port', () => z.int().min(1).max(65535).optional(), {
      class: 'destination',
      title: 'SSH port',
      description: 'TCP port of the SSH server; 22 where it is left out.',
      aka: ['bastion_port', 'tunnel_port'],
    }),
    ssh_username: ssh('ssh_username', () => printable(128).optional(), {
      class: 'setting',
      title: 'SSH user',
      description: 'The user to log in to the SSH server as. It needs no shell, only the right to be forwarded.',
      examples: ['tunnel'],
      aka: ['ssh_user', 'bastion_user', 'tunnel_user', 'ssh_login'],
    }),
    ssh_password: ssh('ssh_password', () => secretText().optional(), {
      class: 'secret',
      title: 'SSH password',
      description: 'Password of the SSH user, as a reference; or a private key in its place.',
      aka: ['ssh_pass', 'bastion_password'],
    }),
    ssh_private_key: ssh('ssh_private_key', () => secretText().optional(), {
      class: 'secret',
      title: 'SSH private key',
      description: 'Whole text of the private key (OpenSSH or PEM) of the SSH user, as a reference.',
      examples: ['${file:/run/secrets/id_ed25519}'],
      aka: ['ssh_key', 'private_key', 'ssh_pkey', 'bastion_key', 'ssh_identity'],
    }),
    ssh_passphrase: ssh('ssh_passphrase', () => secretText().optional(), {
      class: 'secret',
      title: 'SSH key passphrase',
      description: 'Passphrase of the private key, where it has one.',
      aka: ['ssh_key_passphrase', 'private_key_passphrase', 'passphrase'],
    }),
    ssh_host_key: ssh('ssh_host_key', () => hostKey().optional(), {
      class: 'destination',
      title: 'SSH host key',
      description:
        'The key that the SSH server must show: SHA256:… as ssh-keygen -lf prints it, or a line of known_hosts. ' +
        'Left out, the key of the first test that passes is kept.',
      examples: ['SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8'],
      seenAt: ['ssh_host', 'ssh_port'],
      aka: ['ssh_fingerprint', 'host_key', 'ssh_host_fingerprint', 'known_hosts', 'ssh_known_hosts'],
    }),
  };
}

function ssh<T>(role: Name, schema: () => z.ZodType, facts: Omit<FieldFacts, 'group' | 'role' | 'advanced'>): Field<T> {
  return field({ group: 'ssh', role, advanced: true, ...facts }, schema);
}

function hostKey() {
  return z
    .string()
    .min(1)
    .max(16_384)
    .transform((text, context) => {
      try {
        return hostKeyFingerprint(text);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        context.addIssue({ code: 'custom', message: error.message });
        return z.NEVER;
      }
    });
}

/** What goes with what: a server with a user and one proof of who that is; nothing without a server. */
export function sshFaults(config: Readonly<Record<string, unknown>>): ConfigFault[] {
  const given = NAMES.filter((name) => config[name] !== undefined);
  const has = (name: Name) => given.includes(name);
  if (!has('ssh_host')) {
    return given.map((name) => ({
      path: name,
      message: 'is of use with ssh_host only: give that as well, or leave it out',
    }));
  }
  const faults: ConfigFault[] = [];
  if (!has('ssh_username')) faults.push({ path: 'ssh_username', message: 'is required with ssh_host' });
  if (has('ssh_password') && has('ssh_private_key')) {
    faults.push({ path: 'ssh_password', message: 'cannot go with ssh_private_key; give one of them' });
  }
  if (!has('ssh_password') && !has('ssh_private_key')) {
    faults.push({ path: 'ssh_private_key', message: 'is required with ssh_host, or ssh_password in its place' });
  }
  if (has('ssh_passphrase') && !has('ssh_private_key')) {
    faults.push({ path: 'ssh_passphrase', message: 'is the passphrase of ssh_private_key, which is not given' });
  }
  return faults;
}
