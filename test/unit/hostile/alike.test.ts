import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { CONNECTORS } from '../../../src/connectors/index.ts';
import { canaryConfigs } from '../../support/canaries.ts';
import { startDroppingFirewall } from '../../support/firewall.ts';
import { type InMemory, inMemory } from '../../support/in-memory.ts';
import { freePort } from '../../support/ports.ts';
import { countTraffic, type Traffic } from '../../support/traffic.ts';
import { startListener } from '../probes/servers.ts';

/**
 * A refusal says nothing of what is behind it: whether a port is open, closed or silent, whether a private name is there.
 * Otherwise a test of connections would be a scanner of the operator's network.
 */

// Straight ones: what a tunnel leads to is refused by others.
const straight = canaryConfigs(CONNECTORS, 'plain').filter(({ label }) => !/ ssh_/.test(label));
const CONFIGS = [...new Map(straight.map((each) => [each.connector.code, each])).values()];

let lab: InMemory;
let traffic: Traffic | undefined;
let open: Awaited<ReturnType<typeof startListener>>;
let silent: Awaited<ReturnType<typeof startDroppingFirewall>>;
let closed: number;

beforeAll(async () => {
  open = await startListener();
  silent = await startDroppingFirewall();
  closed = await freePort();
  lab = await inMemory(
    { HEADWATER_EGRESS: 'public_only', HEADWATER_TEST_LIMIT: '100000' },
    { lookup: (name) => (traffic as Traffic).lookup(name) },
  );
});
beforeEach(() => {
  traffic = countTraffic();
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  await Promise.all([lab.close(), open.stop(), silent.stop()]);
});

/** A whole answer, but for what the caller said himself and the time it took. */
async function refusal(code: string, place: { host: string; port: number }): Promise<{ text: string; ms: number }> {
  const each = CONFIGS.find(({ connector }) => connector.code === code);
  const begun = performance.now();
  const { text } = await lab.call('test_connection', { connector: code, config: each?.at(place), timeout_s: 5 });
  const ms = performance.now() - begun;
  const same = text
    .replaceAll(`${place.host}:${place.port}`, 'PLACE')
    .replaceAll(place.host, 'HOST')
    .replaceAll(String(place.port), 'PORT')
    .replace(/"(ms|latency_ms)":[\d.]+/g, '"$1":0')
    .replace(/"tested_at":"[^"]+"/, '"tested_at":""');
  return { text: same, ms };
}

const least = async (code: string, place: { host: string; port: number }) => {
  const tries: Awaited<ReturnType<typeof refusal>>[] = [];
  for (let i = 0; i < 3; i += 1) tries.push(await refusal(code, place));
  expect(new Set(tries.map(({ text }) => text)).size).toBe(1);
  return { text: tries[0]?.text ?? '', ms: Math.min(...tries.map(({ ms }) => ms)) };
};

test.each(CONFIGS.map(({ connector }) => connector.code))(
  '%s: addresses look alike, whatever listens there',
  async (code) => {
    const places = [
      { host: '127.0.0.1', port: open.port },
      { host: '127.0.0.1', port: closed },
      { host: silent.host, port: silent.port },
      { host: '10.255.255.254', port: 65_000 },
      { host: '192.168.77.77', port: open.port },
    ];
    const answers: Awaited<ReturnType<typeof refusal>>[] = [];
    for (const place of places) answers.push(await least(code, place));
    expect(answers.map(({ text }) => text)).toEqual(answers.map(() => answers[0]?.text));
    expect(answers[0]?.text).toContain('HOST_REFUSED');
    // No connection is waited for: what is refused is refused at once.
    for (const { ms } of answers) expect(ms).toBeLessThan(150);
    expect(traffic?.dials).toEqual([]);
    expect(traffic?.lookups).toEqual([]);
    expect(open.connections).toBe(0);
  },
);

test.each(CONFIGS.map(({ connector }) => connector.code))(
  '%s: reserved names look alike, there or not',
  async (code) => {
    const names = ['localhost', 'no-such-thing.internal', 'printer.local', 'kubernetes.default.svc', 'metadata'];
    const answers: Awaited<ReturnType<typeof refusal>>[] = [];
    for (const host of names) answers.push(await least(code, { host, port: 5432 }));
    expect(answers.map(({ text }) => text)).toEqual(answers.map(() => answers[0]?.text));
    expect(traffic?.lookups).toEqual([]);
    expect(traffic?.dials).toEqual([]);
  },
);

test.each(CONFIGS.map(({ connector }) => connector.code))(
  '%s: names of private addresses look alike after one lookup',
  async (code) => {
    const answers: Record<string, string[]> = {
      'open.example.com': ['127.0.0.1'],
      'silent.example.com': [silent.host],
      'nobody.example.com': ['10.255.255.254'],
      'six.example.com': ['fd00::1'],
      'mixed.example.com': ['10.1.1.1'],
    };
    const said: Awaited<ReturnType<typeof refusal>>[] = [];
    for (const host of Object.keys(answers)) {
      Object.assign(traffic ?? {}, { answers });
      said.push(await refusal(code, { host, port: open.port }));
    }
    expect(said.map(({ text }) => text)).toEqual(said.map(() => said[0]?.text));
    for (const address of Object.values(answers).flat())
      expect(said.map(({ text }) => text).join()).not.toContain(address);
    expect(traffic?.lookups).toEqual(Object.keys(answers));
    expect(traffic?.dials).toEqual([]);
    expect(open.connections).toBe(0);
  },
);
