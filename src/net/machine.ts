import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { isAddress, isPrivateAddress } from './address.ts';

/** What the machine that Headwater runs on is to the network. */
export interface Machine {
  /** It is a container, to which `localhost` is itself. */
  inContainer: () => boolean;
  /** It has an IPv6 address that leads outside. */
  hasIpv6: () => boolean;
  /** The addresses that firewalls see it come from, as its operator says; ranges among them. */
  outgoing: readonly string[];
  /** The address that connections to another one leave with, as this machine knows it. Sends nothing. */
  sourceTowards: (address: string) => Promise<string | undefined>;
}

const CONTAINER_MARKS = ['/.dockerenv', '/run/.containerenv', '/var/run/secrets/kubernetes.io'];

export function createMachine({ outgoing }: { outgoing: readonly string[] }): Machine {
  return {
    inContainer: () => CONTAINER_MARKS.some((mark) => existsSync(mark)),
    hasIpv6: () =>
      Object.values(networkInterfaces()).some((addresses) =>
        addresses?.some(
          ({ family, internal, address }) =>
            family === 'IPv6' && !internal && !address.startsWith('fe80:') && !isPrivateAddress(address),
        ),
      ),
    outgoing,
    sourceTowards,
  };
}

/** The port of a socket that is never written to. */
const DISCARD = 9;

/** Connecting a datagram socket only looks the route up. */
function sourceTowards(address: string): Promise<string | undefined> {
  if (!isAddress(address)) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const done = (source?: string) => {
      socket.close();
      resolve(source);
    };
    socket.once('error', () => done());
    socket.connect(DISCARD, address, () => done(socket.address().address));
  });
}
