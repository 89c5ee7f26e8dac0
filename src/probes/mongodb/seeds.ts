import type { Socket } from 'node:net';
import { HeadwaterError } from '../../errors.ts';
import type { NormalHost } from '../../net/address.ts';
import type { Resolved, Target } from '../../net/egress.ts';
import { networkFailure, permitted, reached } from '../network.ts';
import { withPatience } from '../patience.ts';
import type { StepOutcome, StepSpec } from '../probe.ts';
import { type Facts, StepFailure } from '../problems/index.ts';
import type { Session, SrvOptions } from './session.ts';

/** A host that the config or its DNS names. */
interface Seed {
  host: NormalHost;
  port: number;
  resolved?: Resolved;
  target?: Target;
}

const MEMBER = /^(\[.*\]|[^:]*)(?::(\d+))?$/;
const STANDARD_PORT = 27017;
const SERVICE = 'mongodb';
const LONGEST_NAME = 100;
/** How long the others may take, once one has answered. */
const OTHERS_MS = 1000;

/**
 * The network's steps where there are several hosts, of a list or of an SRV address. Each name and each address is
 * judged; what cannot be reached is a warning as long as one host can. What a server names is never dialled.
 */
export function seedSteps(session: Session): StepSpec[] {
  const { facts, config } = session;
  const { egress } = session.context;
  let first: NormalHost | undefined;
  let seeds: Seed[] = [];
  return [
    {
      id: 'name_policy',
      title: 'Host names are permitted',
      gate: true,
      limitMs: 1000,
      timeout: { code: 'HOST_REFUSED', facts },
      run: async () => {
        first = admitted(session, config.host);
        if (config.srv && first.kind === 'ip') throw srvFailure(facts, 'the host is an address, not a name');
        seeds = [{ host: first, port: config.port }, ...(config.members ?? []).map((each) => memberOf(session, each))];
        // What needs no lookup is judged before there is one.
        for (const seed of seeds.filter(({ host }) => host.kind === 'ip')) {
          seed.resolved = await egress.lookup(seed.host, seed.port);
          judge(session, seed);
        }
        return undefined;
      },
    },
    {
      id: 'dns',
      title: 'DNS',
      gate: true,
      depth: 'dns',
      limitMs: 4000,
      timeout: { code: 'DNS_TIMEOUT', facts },
      run: async () => {
        if (config.srv) seeds = await servicesOf(session, reached(first));
        return resolveAll(session, seeds);
      },
    },
    {
      id: 'address_policy',
      title: 'Addresses are permitted',
      gate: true,
      limitMs: 1000,
      timeout: { code: 'HOST_REFUSED', facts },
      run: () => {
        seeds = seeds.filter(({ resolved }) => resolved !== undefined);
        for (const seed of seeds) judge(session, seed);
        const addresses = seeds.flatMap(({ target }) => target?.addresses ?? []);
        return { evidence: addresses.map(({ address }) => address).join(', ') };
      },
    },
    {
      id: 'tcp',
      title: 'TCP connection',
      gate: true,
      depth: 'tcp',
      limitMs: 5000,
      timeout: { code: 'TCP_TIMEOUT', facts },
      run: (signal) => dialAll(session, seeds, signal),
    },
  ];
}

/** @throws StepFailure HOST_REFUSED */
function judge({ context: { egress }, facts }: Session, seed: Seed): void {
  const asked = { ...facts, host: seed.host.host, port: seed.port };
  seed.target = permitted(() => egress.judge(reached(seed.resolved)), asked);
}

function admitted({ context: { egress }, facts }: Session, host: string): NormalHost {
  return permitted(() => egress.admitName(host), { ...facts, host });
}

function memberOf(session: Session, text: string): Seed {
  const [, host = '', port] = MEMBER.exec(text) ?? [];
  return { host: admitted(session, host), port: port === undefined ? STANDARD_PORT : Number(port) };
}

/** @throws StepFailure DNS_NOT_FOUND, SRV_UNUSABLE, HOST_REFUSED */
async function servicesOf(session: Session, name: NormalHost): Promise<Seed[]> {
  const { facts, context } = session;
  try {
    const { hosts, texts } = await context.egress.lookupService(name, SERVICE);
    if (hosts.length === 0) throw srvFailure(facts, `there are no records of _${SERVICE}._tcp.${name.host}`);
    session.srv = optionsOf(texts, session);
    return hosts.map(({ name: host, port }) => ({ host: admitted(session, host), port }));
  } catch (error) {
    if (error instanceof HeadwaterError)
      throw srvFailure(facts, error.message.replace(/^It has|^Its/, 'its').replace(/\.$/, ''));
    const failure = networkFailure(error, facts, 'DNS_FAILED');
    if (failure.problem.code !== 'DNS_NOT_FOUND') throw failure;
    throw srvFailure(facts, `there are no records of _${SERVICE}._tcp.${name.host}`);
  }
}

function srvFailure(facts: Facts, what: string): StepFailure {
  return new StepFailure('SRV_UNUSABLE', { ...facts, what });
}

/** What a TXT record may say, which is these things alone. */
function optionsOf(texts: readonly string[], session: Session): SrvOptions {
  const { facts } = session;
  if (texts.length > 1) throw srvFailure(facts, 'it has more than one TXT record');
  const given = new URLSearchParams(texts[0] ?? '');
  const { authSource, replicaSet, loadBalanced, ...others } = Object.fromEntries(given);
  if (Object.keys(others).length > 0) throw srvFailure(facts, 'its TXT record holds other options than are permitted');
  // They go into sentences and scripts, as names that somebody chose.
  const isName = (text = 'none') => text !== '' && session.clean(text, LONGEST_NAME) === text;
  if (!isName(authSource) || !isName(replicaSet)) throw srvFailure(facts, 'its TXT record holds what is no name');
  return {
    ...(authSource === undefined ? {} : { authSource }),
    ...(replicaSet === undefined ? {} : { replicaSet }),
    ...(loadBalanced === undefined ? {} : { loadBalanced: loadBalanced === 'true' }),
  };
}

async function resolveAll(session: Session, seeds: readonly Seed[]): Promise<StepOutcome> {
  const { facts, context } = session;
  const failures: StepFailure[] = [];
  const lost: string[] = [];
  await Promise.all(
    seeds.map(async (seed) => {
      const asked = { ...facts, host: seed.host.host, port: seed.port };
      try {
        seed.resolved = await context.egress.lookup(seed.host, seed.port);
      } catch (error) {
        failures.push(networkFailure(error, asked, 'DNS_FAILED'));
        lost.push(seed.host.host);
      }
    }),
  );
  const [first] = failures;
  if (first && failures.length === seeds.length) throw first;
  const evidence = `${seeds.length} host${seeds.length === 1 ? '' : 's'}`;
  return first ? { evidence, warning: unreachable(facts, lost) } : { evidence };
}

function unreachable(facts: Facts, names: readonly string[]) {
  return { code: 'MEMBER_UNREACHABLE', facts: { ...facts, what: names.join(', ') } } as const;
}

/** Rejects when it is aborted. */
function over(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

/** Dials every host at once, and keeps the connection to the first of the list that answers. */
async function dialAll(session: Session, seeds: readonly Seed[], signal: AbortSignal): Promise<StepOutcome> {
  const { facts, link } = session;
  const { egress } = session.context;
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  const sockets = new Map<Seed, Socket>();
  const failures: unknown[] = [];
  const dials = seeds.map(async (seed) => {
    try {
      const socket = await egress.connect(reached(seed.target), until);
      sockets.set(seed, socket);
    } catch (error) {
      failures.push(error);
      throw error;
    }
  });
  const all = Promise.allSettled(dials);
  await Promise.any(dials).then(
    () => withPatience(OTHERS_MS, signal, (until) => Promise.race([all, over(until)])),
    () => {},
  );
  stop.abort(new Error('late'));
  await all;
  const answered = seeds.filter((seed) => sockets.has(seed));
  const [chosen, ...others] = answered;
  for (const other of others) sockets.get(other)?.destroy();
  if (!chosen) {
    if (signal.aborted) throw signal.reason;
    throw networkFailure(failures[0], facts, 'TCP_UNREACHABLE');
  }
  const socket = reached(sockets.get(chosen));
  facts.host = chosen.host.host;
  facts.port = chosen.port;
  const target = reached(chosen.target);
  link.target = target;
  link.socket = socket;
  link.dial = (again) => egress.connect(target, again);
  const lost = seeds.filter((seed) => !sockets.has(seed)).map(({ host, port }) => `${host.host}:${port}`);
  const evidence = `${socket.remoteAddress}:${socket.remotePort}`;
  return lost.length === 0 ? { evidence } : { evidence, warning: unreachable(facts, lost) };
}
