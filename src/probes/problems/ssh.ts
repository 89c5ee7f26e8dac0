import { type ProblemKind, place } from './kind.ts';
import { REACHING_PROBLEMS } from './reaching.ts';

/** Of an SSH server on the way to the source: what every server can have, with the fields that it has. */
function ofSsh(kind: ProblemKind): ProblemKind {
  return { ...kind, ...(kind.roles ? { roles: kind.roles.map((role) => `ssh_${role}`) } : {}) };
}

/** From the SSH server's name to a connection through it. In `TUNNEL_…` the server is `what`, the host is behind it. */
export const SSH_PROBLEMS = {
  SSH_HOST_REFUSED: ofSsh(REACHING_PROBLEMS.HOST_REFUSED),
  SSH_DNS_NOT_FOUND: ofSsh(REACHING_PROBLEMS.DNS_NOT_FOUND),
  SSH_DNS_FAILED: ofSsh(REACHING_PROBLEMS.DNS_FAILED),
  SSH_DNS_TIMEOUT: ofSsh(REACHING_PROBLEMS.DNS_TIMEOUT),
  SSH_TCP_REFUSED: ofSsh(REACHING_PROBLEMS.TCP_REFUSED),
  SSH_TCP_TIMEOUT: ofSsh(REACHING_PROBLEMS.TCP_TIMEOUT),
  SSH_TCP_UNREACHABLE: ofSsh(REACHING_PROBLEMS.TCP_UNREACHABLE),
  SSH_CONNECTION_LOST: ofSsh(REACHING_PROBLEMS.CONNECTION_LOST),
  SSH_WRONG_PROTOCOL: ofSsh(REACHING_PROBLEMS.WRONG_PROTOCOL),
  SSH_PROTOCOL_TIMEOUT: ofSsh(REACHING_PROBLEMS.PROTOCOL_TIMEOUT),
  SSH_BUSY: {
    actor: 'network_admin',
    retryable: true,
    says: (facts) => `The SSH server ${place(facts)} turns connections away: it is full, or has blocked this address`,
    fix: () => 'Try again in a minute. If it stays, have MaxStartups and the blocking of addresses looked at there.',
  },
  SSH_NO_COMMON_ALGORITHM: {
    actor: 'network_admin',
    says: (facts) => `The SSH server ${place(facts)} and Headwater have no ${facts.what} in common`,
    fix: () =>
      'Have the server offer one that OpenSSH has by default: what it offers (evidence) is too old or too rare.',
  },
  SSH_HOST_KEY_CHANGED: {
    actor: 'network_admin',
    roles: ['ssh_host_key'],
    says: (facts) => `The SSH server ${place(facts)} shows another host key than the pinned one (${facts.what})`,
    fix: ({ host }) =>
      `Somebody may be in between, so nothing was sent. Ask whoever runs ${host} whether its key was changed; only when they name the same fingerprint, set ssh_host_key to it.`,
  },
  SSH_HOST_KEY_UNPINNED: {
    actor: 'user',
    roles: ['ssh_host_key'],
    says: (facts) => `The host key of the SSH server ${place(facts)} is not pinned: it has shown ${facts.what}`,
    fix: ({ what }) =>
      `Compare it with what whoever runs the server names. create_source and update_source pin the key that their test has seen; for a source that is stored, set ssh_host_key to ${what}.`,
  },
  SSH_KEY_UNREADABLE: {
    actor: 'user',
    roles: ['ssh_private_key'],
    says: ({ what }) => `The private key for the SSH server cannot be read: ${what}`,
    fix: () =>
      'Give the whole text of the private key file, best as a reference such as ${file:/run/secrets/id_ed25519}.',
  },
  SSH_PASSPHRASE_MISSING: {
    actor: 'user',
    roles: ['ssh_passphrase'],
    says: () => 'The private key for the SSH server is encrypted, and no passphrase is set',
    fix: () => 'Add ssh_passphrase, best as a reference, or give a key without one.',
  },
  SSH_PASSPHRASE_WRONG: {
    actor: 'user',
    roles: ['ssh_passphrase', 'ssh_private_key'],
    says: () => 'The passphrase does not open the private key for the SSH server',
    fix: () => 'Check ssh_passphrase, and that it belongs to this key.',
  },
  SSH_AUTH_REJECTED: {
    actor: 'user',
    roles: ['ssh_username', 'ssh_password'],
    says: ({ username }) => `The SSH server rejected the user name or password (user ${username})`,
    fix: () =>
      'Check both: servers do not say which of the two is wrong. It is the login of the SSH server that is meant.',
  },
  SSH_KEY_REJECTED: {
    actor: 'network_admin',
    roles: ['ssh_username', 'ssh_private_key'],
    says: ({ host, username }) => `The SSH server ${host} does not accept this key for the user ${username}`,
    fix: ({ username, what }) =>
      `If user and key are the right ones, add this line to the authorized_keys of ${username}: ${what}`,
  },
  SSH_AUTH_METHOD: {
    actor: 'user',
    roles: ['ssh_password', 'ssh_private_key'],
    says: ({ host, what }) => `The SSH server ${host} does not take such a login; it takes ${what}`,
    fix: ({ fix }) => fix || 'Give what it takes.',
  },
  SSH_SECOND_FACTOR: {
    actor: 'network_admin',
    roles: ['ssh_username'],
    says: ({ host, username }) => `The SSH server ${host} wants more of ${username} than one proof`,
    fix: ({ username }) =>
      `Let ${username}, or an account for machines, in with a key alone (AuthenticationMethods publickey): nobody is there to answer.`,
  },
  SSH_TOO_MANY_FAILURES: {
    actor: 'user',
    retryable: true,
    roles: ['ssh_username', 'ssh_password', 'ssh_private_key'],
    says: ({ host, username }) => `The SSH server ${host} has had too many failed logins of ${username}`,
    fix: () =>
      'Check user name and credentials before the next try, and wait some minutes: such servers block addresses.',
  },
  SSH_PASSWORD_EXPIRED: {
    actor: 'network_admin',
    roles: ['ssh_password'],
    says: ({ host, username }) => `The password of ${username} on the SSH server ${host} has expired`,
    fix: () => 'Set a new password for the user, and put it into the config; or use a key.',
  },
  SSH_AUTH_TIMEOUT: {
    actor: 'network_admin',
    retryable: true,
    says: (facts) => `The SSH server ${place(facts)} did not answer the login`,
    fix: () => 'Test again; if it stays, look at the load and the log of the SSH server.',
  },
  SSH_FORWARDING_DENIED: {
    actor: 'network_admin',
    roles: ['ssh_username', 'host', 'port'],
    says: (facts) =>
      `The SSH server ${facts.what} does not permit ${facts.username} to be forwarded to ${place(facts)}`,
    fix: (facts) =>
      `Permit it there: AllowTcpForwarding local for ${facts.username} in sshd_config, PermitOpen ${place(facts)} where PermitOpen is set, and port-forwarding where the line in authorized_keys is restricted.`,
  },
  TUNNEL_NAME_UNKNOWN: {
    actor: 'user',
    roles: ['host'],
    says: ({ host, what }) => `The SSH server ${what} knows no host named ${host}`,
    fix: () =>
      'The SSH server looks the host up: give the name or address that it has there. localhost is that server.',
  },
  TUNNEL_REFUSED: {
    actor: 'user',
    roles: ['port', 'host'],
    says: (facts) => `Nothing listens on ${place(facts)}, as seen from the SSH server ${facts.what}`,
    fix: ({ port }) => `Check host and port (is ${port} right?) as the SSH server sees them: localhost is that server.`,
  },
  TUNNEL_TIMEOUT: {
    actor: 'network_admin',
    retryable: true,
    roles: ['host', 'port'],
    says: (facts) => `The SSH server ${facts.what} gets no answer from ${place(facts)}`,
    fix: (facts) => `Permit TCP from the SSH server ${facts.what} to ${place(facts)} (firewall, security group).`,
  },
  TUNNEL_UNREACHABLE: {
    actor: 'network_admin',
    retryable: true,
    roles: ['host', 'port'],
    says: (facts) => `The SSH server ${facts.what} could not connect to ${place(facts)}`,
    fix: (facts) => `Check on the SSH server that ${place(facts)} can be reached from there; its log says more.`,
  },
} as const satisfies Record<string, ProblemKind>;
