import { nearest } from '../../nearest.ts';
import { isPrivateAddress } from '../../net/address.ts';
import { PROVIDERS, strangerOf } from '../providers/index.ts';
import type { Engine, Observed, Suspicion } from './suspicion.ts';

/** Why a server was not reached, whoever runs it. */

const LOOPBACK = /^(localhost|127\.|::1$|0\.0\.0\.0$)/;
const PRIVATE_NAME = /^[^.]+$|\.(internal|local|lan|corp|home|intra|private|svc|cluster\.local|docker)$/;
const SNOWFLAKE_ACCOUNT = /^[a-z]{2}\d{5}(\.[a-z]{2,}-[a-z]+-\d)?(\.(aws|azure|gcp))?$|^[a-z]{7}-[a-z]{2}\d{5}$/;

export const STANDARD_PORTS: Readonly<Partial<Record<Engine, number>>> = {
  postgresql: 5432,
  mysql: 3306,
  sqlserver: 1433,
  mongodb: 27017,
  oracle: 1521,
};

const addressesOf = ({ addresses }: Observed) => addresses.map(({ address }) => address).join(', ');
const isLoopback = ({ place }: Observed) => LOOPBACK.test(place.host);
const isPrivate = ({ addresses }: Observed) =>
  addresses.length > 0 && addresses.every(({ address }) => isPrivateAddress(address) && !LOOPBACK.test(address));
const at = ({ place }: Observed) => `${place.host}:${place.port}`;
const reachFromThere = ({ place }: Observed) =>
  `From a host of the server's own network: nc -vz ${place.host} ${place.port}. If that answers, the way between is closed.`;
const withoutSsh = 'Use an SSH tunnel through a host that reaches it (ssh_host, ssh_username, ssh_private_key)';

/** The name that may have been meant: one ending of a provider is within two edits of this one's. */
export function misspelt(host: string): { meant: string; provider: string } | undefined {
  for (const { name, suffixes = [] } of PROVIDERS) {
    for (const suffix of suffixes) {
      if (host.endsWith(suffix)) continue;
      const labels = suffix.split('.').length - 1;
      const ending = `.${host.split('.').slice(-labels).join('.')}`;
      const stem = host.slice(0, -ending.length);
      if (stem !== '' && nearest(ending, [suffix]) !== undefined) return { meant: `${stem}${suffix}`, provider: name };
    }
  }
  return undefined;
}

export const REACHING_SUSPICIONS: readonly Suspicion[] = [
  {
    of: ['DNS_NOT_FOUND'],
    when: ({ place }) => misspelt(place.host) !== undefined,
    likelihood: 'likely',
    cause: ({ place }) => `The name looks like one of ${misspelt(place.host)?.provider}, misspelt`,
    evidence: ({ place }) => [`it would be ${misspelt(place.host)?.meant}`],
    fix: ({ place }) => `If that is what is meant, set the host to ${misspelt(place.host)?.meant}.`,
    roles: ['host'],
  },
  {
    of: ['DNS_NOT_FOUND'],
    when: ({ place }) => SNOWFLAKE_ACCOUNT.test(place.host),
    likelihood: 'likely',
    cause: () => 'The host has the form of a Snowflake account, which is no server of this kind',
    fix: ({ facts }) => `Give the host of the ${facts.server} server.`,
    roles: ['host'],
  },
  {
    of: ['DNS_NOT_FOUND', 'WRONG_PROTOCOL', 'TCP_TIMEOUT', 'TCP_REFUSED', 'CONNECTION_LOST', 'TLS_NOT_SPOKEN'],
    when: ({ place }) => strangerOf(place) !== undefined,
    likelihood: 'likely',
    cause: ({ place, facts }) =>
      `This is a host of ${strangerOf(place)?.name}, which does not speak the protocol of ${facts.server}`,
    evidence: ({ place }) => [`the name is ${place.host}`],
    fix: ({ place }) => `Choose the connector for ${strangerOf(place)?.name} (list_connectors), or another host.`,
    roles: ['host'],
  },
  {
    of: ['DNS_NOT_FOUND'],
    when: ({ provider }) => provider !== undefined,
    likelihood: 'likely',
    cause: ({ provider }) =>
      `The ${provider?.name} instance of that name was deleted or renamed, or its name was cut short`,
    evidence: ({ place, provider }) => [
      `${place.host} has the form of a name of ${provider?.name}, and does not exist`,
    ],
    fix: () => 'Copy the host once more from the console of the provider.',
    roles: ['host'],
  },
  {
    of: ['DNS_NOT_FOUND'],
    when: ({ place }) => PRIVATE_NAME.test(place.host),
    likelihood: 'likely',
    cause: () =>
      'It is a name of a private network (of a VPN, of Docker or Kubernetes), which is not known where Headwater runs',
    evidence: ({ place }) => [`${place.host} has the form of a private name`],
    fix: () =>
      `Use a name or an address that is known where Headwater runs. ${withoutSsh}: behind it, private names work.`,
    roles: ['host'],
    tellApart: ({ place }) => `On the machine that runs Headwater: getent hosts ${place.host}`,
  },
  {
    of: ['TCP_REFUSED', 'DNS_NOT_FOUND'],
    when: (observed) => isLoopback(observed) && observed.machine.inContainer(),
    likelihood: 'possible',
    cause: ({ place }) => `Headwater runs in a container, and ${place.host} is the container itself`,
    evidence: () => ['this process runs inside a container'],
    fix: () => 'Use the name of the other container, or host.docker.internal for a server on the machine around it.',
    roles: ['host'],
  },
  {
    of: ['TCP_UNREACHABLE', 'TCP_TIMEOUT'],
    when: ({ addresses, machine }) =>
      addresses.length > 0 && addresses.every(({ family }) => family === 6) && !machine.hasIpv6(),
    likelihood: 'certain',
    cause: () => 'The host has IPv6 addresses only, and the machine that runs Headwater has no IPv6',
    evidence: (observed) => [
      `it resolves to ${addressesOf(observed)}`,
      'this machine has no IPv6 address that leads outside',
    ],
    fix: () => `Use a host with an IPv4 address, or give this machine IPv6. ${withoutSsh}.`,
    roles: ['host'],
  },
  {
    of: ['TCP_TIMEOUT', 'TCP_UNREACHABLE'],
    when: isPrivate,
    likelihood: 'likely',
    cause: () => 'The address is private: it can be reached from its own network only (VPC, VPN)',
    evidence: (observed) => [`${observed.place.host} is ${addressesOf(observed)}`],
    fix: () => `Run Headwater in that network or join it. ${withoutSsh}.`,
    tellApart: reachFromThere,
  },
  {
    of: ['TCP_TIMEOUT'],
    when: ({ provider }) => provider?.allowList !== undefined,
    likelihood: 'likely',
    cause: ({ provider }) => `${provider?.name} does not let the address of Headwater in`,
    evidence: (observed) => [`no answer at all from ${addressesOf(observed)}: dropped, not refused`],
    fix: ({ provider }) => `Add the address that Headwater connects from to ${provider?.allowList}.`,
    tellApart: reachFromThere,
  },
  {
    of: ['TCP_TIMEOUT'],
    likelihood: 'possible',
    cause: () => 'A firewall or security group in between drops the packets',
    evidence: ({ step }) => [`no answer within ${Math.round(step.ms)} ms, not even a refusal`],
    fix: (observed) => `Permit TCP to ${at(observed)} from the machine that runs Headwater.`,
    tellApart: reachFromThere,
  },
  {
    of: ['TCP_TIMEOUT'],
    likelihood: 'possible',
    cause: () => 'The machine is switched off, or the address is not its own any more',
    fix: () => 'Ask whoever runs it whether it is up.',
    actor: 'dba',
  },
  {
    of: ['TCP_REFUSED'],
    when: ({ place }) => STANDARD_PORTS[place.engine] !== undefined && place.port !== STANDARD_PORTS[place.engine],
    likelihood: 'possible',
    cause: ({ facts, place }) =>
      `The port is another one: ${facts.server} mostly listens on ${STANDARD_PORTS[place.engine]}`,
    evidence: ({ place }) => [`the port given is ${place.port}`, 'the host itself answered at once, with a refusal'],
    fix: ({ place }) => `Try port ${STANDARD_PORTS[place.engine]}, or ask for the right one.`,
    roles: ['port'],
  },
  {
    of: ['TCP_REFUSED'],
    when: (observed) => !isLoopback(observed),
    likelihood: 'possible',
    cause: ({ facts }) => `${facts.server} runs there but listens on its own machine only`,
    evidence: () => ['the host itself answered at once, with a refusal'],
    fix: ({ place }) => LISTEN[place.engine] ?? 'Let it listen on its network address as well.',
    actor: 'dba',
    tellApart: ({ place }) =>
      `On the server: ss -ltn 'sport = :${place.port}' shows on which addresses something listens.`,
  },
  {
    of: ['TCP_REFUSED'],
    likelihood: 'possible',
    cause: ({ facts }) => `${facts.server} is not running`,
    evidence: () => ['the host itself answered at once, with a refusal'],
    fix: () => 'Start it.',
    actor: 'dba',
    tellApart: ({ place }) => `On the server: ss -ltn 'sport = :${place.port}' prints nothing where nothing listens.`,
  },
  {
    of: ['CONNECTION_LOST'],
    likelihood: 'possible',
    cause: () => 'A load balancer or proxy accepts the connection and has no healthy server behind it',
    fix: () => 'Look at the health of its targets, or connect to the server itself.',
    actor: 'network_admin',
  },
  {
    of: ['CONNECTION_LOST'],
    likelihood: 'possible',
    cause: ({ facts }) =>
      `A list of permitted addresses at ${facts.server} itself or at a proxy drops this one after it has connected`,
    fix: () => 'Have the address that Headwater connects from added to it.',
    actor: 'network_admin',
  },
  {
    of: ['WRONG_PROTOCOL'],
    when: ({ step }) => step.message?.includes('HTTP server') === true,
    likelihood: 'likely',
    cause: ({ facts, place }) =>
      `The port is that of a web console, a REST API or a load balancer, not that of ${facts.server}${portHint(place.engine)}`,
    evidence: ({ step }) => [step.message ?? ''],
    fix: ({ facts }) => `Give the port on which ${facts.server} itself listens.`,
    roles: ['port', 'host'],
  },
  {
    of: ['WRONG_PROTOCOL'],
    when: ({ step }) => step.message?.includes('TLS from the first byte') === true,
    likelihood: 'likely',
    cause: ({ facts }) =>
      `A proxy in front of ${facts.server} (stunnel, a load balancer) wants TLS before the protocol begins`,
    evidence: ({ step }) => [step.message ?? ''],
    fix: ({ facts }) =>
      `Give the address of ${facts.server} itself, or have the proxy pass the connection on as it is.`,
    roles: ['port', 'host'],
  },
];

const LISTEN: Readonly<Partial<Record<Engine, string>>> = {
  postgresql: "Set listen_addresses = '*' in postgresql.conf and restart; pg_hba.conf still decides who gets in.",
  mysql:
    'Set bind_address = 0.0.0.0 in the configuration of the server and restart; the accounts still decide who gets in.',
  mongodb: 'Add the address to net.bindIp in mongod.conf and restart.',
};

function portHint(engine: Engine): string {
  const port = STANDARD_PORTS[engine];
  return port === undefined ? '' : ` (mostly ${port})`;
}
