import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HeadwaterError } from '../../../src/errors.ts';
import { blockList } from '../../../src/net/address.ts';
import { createEgress, type Egress, type Lookup, type Target } from '../../../src/net/egress.ts';
import { type HostileInput, hostileInputs, type Verdict } from '../../support/hostile-inputs.ts';
import { startDroppingFirewall } from '../../support/hostile-servers.ts';
import { freePort } from '../../support/ports.ts';
import { listen } from '../probes/servers.ts';

const PORT = 5432;
const PUBLIC = '93.184.216.34';
const never = new AbortController().signal;

interface Policy {
  allowPrivate?: boolean;
  allowHosts?: string[];
  allowCidrs?: string[];
}

function egressWith({ allowPrivate = false, allowHosts = [], allowCidrs = [] }: Policy = {}, lookup?: Lookup): Egress {
  const policy = { allowPrivate, allowHosts: new Set(allowHosts), allowCidrs: blockList(allowCidrs) };
  return createEgress({ policy, lookup: lookup ?? (async () => [PUBLIC]) });
}

/** All stages, as a probe goes through them. */
async function reach(egress: Egress, host: unknown, port = PORT, signal = never): Promise<Socket> {
  // JSON may hold anything where a host belongs.
  const resolved = await egress.lookup(egress.admitName(host as string), port);
  return egress.connect(egress.judge(resolved), signal);
}

async function targetOf(egress: Egress, host: string, port = PORT): Promise<Target> {
  return egress.judge(await egress.lookup(egress.admitName(host), port));
}

describe('hostile inputs', () => {
  /** What would have been dialled. Nothing really is. */
  const dialled: string[] = [];

  beforeEach(() => {
    dialled.length = 0;
    vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
      const [options] = args.flat() as [{ host: string; port: number }];
      dialled.push(`${options.host} ${options.port}`);
      process.nextTick(() => this.emit('connect'));
      return this;
    });
  });
  afterEach(() => vi.restoreAllMocks());

  async function verdictOf(work: Promise<unknown>): Promise<Verdict> {
    try {
      await work;
      return 'allow';
    } catch (error) {
      if (error instanceof HeadwaterError && error.code === 'EGRESS_DENIED') return 'deny';
      if (error instanceof HeadwaterError && error.code === 'INVALID_CONFIG') return 'error';
      if (error instanceof Error && 'code' in error && error.code === 'ENODATA') return 'error';
      throw error;
    }
  }

  test.each(hostileInputs('host'))('$id: $expect ($why)', async ({ input, expect: expected }) => {
    const lookup = vi.fn(async () => [PUBLIC]);
    expect(await verdictOf(reach(egressWith({}, lookup), input))).toBe(expected);
    expect(dialled).toHaveLength(expected === 'allow' ? 1 : 0);
    if (expected !== 'allow') expect(lookup).not.toHaveBeenCalled();
  });

  interface DnsInput {
    host: string;
    dns?: string[];
    dns_sequence?: string[][];
    connects?: number;
    policy?: Policy;
  }
  test.each(hostileInputs<DnsInput>('dns'))(
    '$id: $expect ($why)',
    async ({ input, expect: expected }: HostileInput<DnsInput>) => {
      const answers = input.dns_sequence ?? [input.dns ?? []];
      let asked = 0;
      const lookup = async () => answers[asked++] ?? answers.at(-1) ?? [];
      const egress = egressWith(input.policy, lookup);
      const connects = input.connects ?? 1;
      const outcomes: Verdict[] = [];
      for (let i = 0; i < connects; i += 1) outcomes.push(await verdictOf(reach(egress, input.host)));
      expect(outcomes.at(-1)).toBe(expected);
      expect(asked).toBe(connects);
      const allowed = outcomes.filter((outcome) => outcome === 'allow').length;
      expect(dialled).toEqual(
        Array.from({ length: allowed }, () => `${answers[0]?.[0]?.replace('::ffff:', '')} ${PORT}`),
      );
    },
  );

  test('more than 32 addresses are not an answer', async () => {
    const many = async () => Array.from({ length: 33 }, (_, i) => `8.8.8.${i}`);
    expect(await verdictOf(reach(egressWith({}, many), 'db.example.com'))).toBe('error');
    expect(dialled).toEqual([]);
  });

  test('what is dialled is what was judged, in the order of the answer', async () => {
    const target = await targetOf(
      egressWith({}, async () => ['8.8.8.8', '::ffff:9.9.9.9', '2606:4700::1']),
      'DB.Example.com.',
    );
    expect(target).toEqual({
      host: 'db.example.com',
      port: PORT,
      servername: 'db.example.com',
      addresses: [
        { address: '8.8.8.8', family: 4 },
        { address: '9.9.9.9', family: 4 },
        { address: '2606:4700::1', family: 6 },
      ],
    });
  });

  test('a literal is never looked up and has no name for TLS', async () => {
    const lookup = vi.fn();
    const target = await targetOf(egressWith({}, lookup), '0x08.8.2056');
    expect(target).toEqual({ host: '8.8.8.8', port: PORT, addresses: [{ address: '8.8.8.8', family: 4 }] });
    expect(lookup).not.toHaveBeenCalled();
  });

  test.each([
    ['10.0.0.1', { allowPrivate: true }],
    ['localhost', { allowPrivate: true }],
    ['db.internal', { allowHosts: ['db.internal'] }],
    ['10.0.0.1', { allowHosts: ['10.0.0.1'] }],
    ['10.0.0.1', { allowCidrs: ['10.0.0.0/24'] }],
  ])('%s is permitted by %j', async (host, policy) => {
    const egress = egressWith(policy, async () => ['127.0.0.1']);
    expect(await verdictOf(reach(egress, host))).toBe('allow');
  });

  test.each([
    ['db.internal', { allowCidrs: ['127.0.0.0/8'] }, 'a range does not open a name'],
    ['other.example.com', { allowHosts: ['db.example.com'] }, 'a host opens only itself'],
    ['sub.db.example.com', { allowHosts: ['db.example.com'] }, 'and not what is below it'],
  ])('%s is refused under %j: %s', async (host, policy, _) => {
    expect(
      await verdictOf(
        reach(
          egressWith(policy, async () => ['127.0.0.1']),
          host,
        ),
      ),
    ).toBe('deny');
  });

  test.each(['metadata.google.internal', 'm.example.com', '169.254.169.254', '[fd00:ec2::254]'])(
    'the metadata service stays shut for %s, whatever is opened',
    async (host) => {
      const policy = { allowPrivate: true, allowHosts: [host, 'fd00:ec2::254'], allowCidrs: ['0.0.0.0/0', '::/0'] };
      const error = await reach(
        egressWith(policy, async () => ['169.254.169.254']),
        host,
      ).catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: 'EGRESS_DENIED',
        message: 'It is a cloud metadata service, which is never permitted.',
        details: { hint: 'No switch opens it.' },
      });
      expect(dialled).toEqual([]);
    },
  );

  test('a refusal names the switches and neither host nor address', async () => {
    const error = await reach(
      egressWith({}, async () => ['10.9.8.7']),
      'inner.example.com',
    ).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'EGRESS_DENIED',
      retryable: false,
      details: {
        hint: expect.stringMatching(/HEADWATER_ALLOW_HOSTS.*HEADWATER_ALLOW_CIDRS.*HEADWATER_EGRESS=allow_private/),
      },
    });
    expect(JSON.stringify(error)).not.toMatch(/10\.9|inner/);
  });
});

/** Two addresses of this machine, so that one port can be dead at one and alive at the other. */
describe.skipIf(process.platform !== 'linux')('several addresses', () => {
  const [FIRST, SECOND, THIRD] = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
  const egress = egressWith({ allowPrivate: true });
  const to = (port: number, ...addresses: string[]) =>
    egress.judge({ host: { kind: 'name', host: 'db.example.com' }, port, answers: addresses });
  /** Every socket that was made since, so that none can be forgotten. */
  let dialled: Socket[];

  beforeEach(() => {
    dialled = [];
    const connect = Socket.prototype.connect as (this: Socket, ...args: unknown[]) => Socket;
    vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
      dialled.push(this);
      return connect.apply(this, args);
    });
  });
  afterEach(() => vi.restoreAllMocks());

  test('the first is closed: the second answers at once', async () => {
    const port = await freePort();
    const alive = await listen(() => {}, SECOND, port);
    const begun = performance.now();
    const socket = await egress.connect(to(port, FIRST, SECOND), never);
    expect(socket.remoteAddress).toBe(SECOND);
    expect(performance.now() - begun).toBeLessThan(200);
    socket.destroy();
    await alive.stop();
  });

  test('the first says nothing: the second is tried after a quarter of a second, and the first let go', async () => {
    const firewall = await startDroppingFirewall();
    const alive = await listen(() => {}, SECOND, firewall.port);
    dialled = [];
    const begun = performance.now();
    const socket = await egress.connect(to(firewall.port, firewall.host, SECOND), never);
    expect(socket.remoteAddress).toBe(SECOND);
    const ms = performance.now() - begun;
    expect(ms).toBeGreaterThan(200);
    expect(ms).toBeLessThan(800);
    expect(dialled.map((each) => each.destroyed)).toEqual([true, false]);
    socket.destroy();
    await Promise.all([alive.stop(), firewall.stop()]);
  });

  test('the first answers: no other is dialled', async () => {
    const port = await freePort();
    const [one, two] = await Promise.all([listen(() => {}, FIRST, port), listen(() => {}, SECOND, port)]);
    const socket = await egress.connect(to(port, FIRST, SECOND), never);
    expect(socket.remoteAddress).toBe(FIRST);
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(two.connections).toBe(0);
    socket.destroy();
    await Promise.all([one.stop(), two.stop()]);
  });

  test('the first answers and is lost later: no other is dialled then either', async () => {
    const port = await freePort();
    const one = await listen((socket) => setTimeout(() => socket.resetAndDestroy(), 50), FIRST, port);
    const two = await listen(() => {}, SECOND, port);
    const socket = await egress.connect(to(port, FIRST, SECOND), never);
    await new Promise((resolve) => socket.once('close', resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(two.connections).toBe(0);
    await Promise.all([one.stop(), two.stop()]);
  });

  test('all fail: the first error is the one that is told', async () => {
    const port = await freePort();
    const target = to(port, FIRST, SECOND, THIRD);
    await expect(egress.connect(target, never)).rejects.toMatchObject({ code: 'ECONNREFUSED', address: FIRST });
  });

  test('cancelled while it dials: it ends at once with the reason, and leaves nothing', async () => {
    const firewall = await startDroppingFirewall();
    dialled = [];
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 50);
    const begun = performance.now();
    const dialling = egress.connect(to(firewall.port, firewall.host, firewall.host), controller.signal);
    await expect(dialling).rejects.toBe(reason);
    expect(performance.now() - begun).toBeLessThan(300);
    expect(dialled.map((each) => each.destroyed)).toEqual([true]);
    await firewall.stop();
  });

  test('no listener stays on the signal, whichever way it ends', async () => {
    const port = await freePort();
    const alive = await listen(() => {}, SECOND, port);
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    const socket = await egress.connect(to(port, FIRST, SECOND), signal);
    await expect(egress.connect(to(port, FIRST), signal)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(add).toHaveBeenCalledTimes(2);
    expect(remove.mock.calls.map(([, listener]) => listener)).toEqual(add.mock.calls.map(([, listener]) => listener));
    socket.destroy();
    await alive.stop();
  });

  test('cancelled before: nothing is dialled', async () => {
    const port = await freePort();
    const server = await listen(() => {}, FIRST, port);
    await expect(egress.connect(to(port, FIRST), AbortSignal.abort(new Error('no')))).rejects.toThrow('no');
    expect(server.connections).toBe(0);
    await server.stop();
  });
});

test('names are really looked up where no resolver is given', async () => {
  const egress = createEgress({ policy: { allowPrivate: true, allowHosts: new Set(), allowCidrs: blockList([]) } });
  const { addresses } = await targetOf(egress, 'localhost');
  expect(addresses.map(({ address }) => address)).toContainEqual(expect.stringMatching(/^(127\.0\.0\.1|::1)$/));
});
