import { type ProblemKind, place, withoutStop } from './kind.ts';

/** From the config to the first byte: names, addresses, connections, the wrong server. */
export const REACHING_PROBLEMS = {
  CONFIG_UNUSABLE: {
    actor: 'user',
    says: ({ what }) => withoutStop(what ?? 'The config cannot be used'),
    fix: ({ fix }) => fix || 'Correct the config.',
  },
  HOST_REFUSED: {
    actor: 'network_admin',
    roles: ['host'],
    says: ({ host, what }) => `Connections to ${host} are not permitted: ${what}`,
    fix: ({ fix }) => fix || 'Use a permitted host.',
  },
  DNS_NOT_FOUND: {
    actor: 'user',
    roles: ['host'],
    says: ({ host }) => `There is no host named ${host}`,
    fix: ({ host }) =>
      `Check the spelling of ${host}. If it is a private name, it resolves only inside its own network.`,
  },
  DNS_FAILED: {
    actor: 'network_admin',
    retryable: true,
    says: ({ host }) => `The name server did not answer for ${host}`,
    fix: () => 'Try again in a moment. If it stays, the DNS of the machine that runs Headwater needs attention.',
  },
  DNS_TIMEOUT: {
    actor: 'network_admin',
    retryable: true,
    says: ({ host }) => `Looking up ${host} took too long`,
    fix: () => 'Try again in a moment. If it stays, the DNS of the machine that runs Headwater needs attention.',
  },
  TCP_REFUSED: {
    actor: 'user',
    roles: ['port', 'host'],
    says: (facts) => `Nothing listens on ${place(facts)}`,
    fix: ({ server, port }) =>
      `Check the port (is ${port} right?) and that ${server} runs there and listens on that address.`,
  },
  TCP_TIMEOUT: {
    actor: 'network_admin',
    retryable: true,
    roles: ['host', 'port'],
    says: (facts) => `No answer from ${place(facts)}: a firewall drops the packets, or the host is down`,
    fix: (facts) =>
      `Permit TCP from the machine that runs Headwater to ${place(facts)} (firewall, security group, IP allow-list).`,
  },
  TCP_UNREACHABLE: {
    actor: 'network_admin',
    retryable: true,
    roles: ['host'],
    says: (facts) => `There is no route to ${place(facts)}`,
    fix: (facts) =>
      `Connect the networks, or use an address of ${facts.host} that is reachable from where Headwater runs.`,
  },
  CONNECTION_LOST: {
    actor: 'network_admin',
    retryable: true,
    roles: ['host', 'port'],
    says: (facts) => `${place(facts)} accepted the connection and then dropped it`,
    fix: (facts) =>
      `Look at the log of the server behind ${place(facts)}; a proxy or firewall in between may also cut connections.`,
  },
  WRONG_PROTOCOL: {
    actor: 'user',
    roles: ['port', 'host'],
    says: (facts) => `${place(facts)} is not ${facts.server}: ${facts.what}`,
    fix: ({ server }) => `Give the port on which ${server} itself listens.`,
  },
  PROTOCOL_TIMEOUT: {
    actor: 'network_admin',
    retryable: true,
    roles: ['port'],
    says: (facts) => `${place(facts)} accepted the connection and then said nothing`,
    fix: ({ server, port }) =>
      `Check that ${port} is the port of ${server} itself; an overloaded server or a proxy in between can also hang.`,
  },
} as const satisfies Record<string, ProblemKind>;
