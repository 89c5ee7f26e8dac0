import type { Socket } from 'node:net';
import { expect, vi } from 'vitest';
import { operatorCall } from '../../../src/commands/shared.ts';
import { parseConfig } from '../../../src/connectors/config.ts';
import { postgresql } from '../../../src/connectors/databases/postgresql.ts';
import type { Connector } from '../../../src/connectors/define-connector.ts';
import { HeadwaterError } from '../../../src/errors.ts';
import { createFileAccess } from '../../../src/files/file-access.ts';
import { blockList } from '../../../src/net/address.ts';
import { createEgress, type Egress, type Lookup } from '../../../src/net/egress.ts';
import { createMachine, type Machine } from '../../../src/net/machine.ts';
import type { ServiceLookup } from '../../../src/net/srv.ts';
import type { ReadSession } from '../../../src/probes/probe.ts';
import type { Actor, ProblemCode } from '../../../src/probes/problems/index.ts';
import type { Report, Step } from '../../../src/probes/report.ts';
import { credentialReader } from '../../../src/secrets/providers/credential.ts';
import { envReader } from '../../../src/secrets/providers/env.ts';
import { fileReader } from '../../../src/secrets/providers/file.ts';
import { vaultReader } from '../../../src/secrets/providers/vault.ts';
import { vaultToken } from '../../../src/secrets/providers/vault-token.ts';
import { resolveReference } from '../../../src/secrets/references.ts';
import { reading, testConfig } from '../../../src/sources/probing.ts';
import type { Call, Services } from '../../../src/sources/services.ts';
import { createTokenDesk } from '../../../src/sources/token-desk.ts';

export type ConfigInput = Record<string, unknown>;

export interface LabOptions {
  /** PostgreSQL's without. */
  connector?: Connector;
  egress?: 'public_only' | 'allow_private';
  lookup?: Lookup;
  /** Addresses by name, instead of `lookup`. */
  names?: Record<string, readonly string[]>;
  /** SRV and TXT records. */
  services?: ServiceLookup;
  environment?: Record<string, string>;
  now?: () => Date;
  /** Where the sockets really go, whatever address was judged: what is public is not for tests to dial. */
  dialled?: string;
  machine?: Machine;
  /** Nothing that is dialled ever answers, as behind a firewall that drops. */
  dropped?: boolean;
}

export interface TestOptions {
  timeoutS?: number;
  checks?: string[];
  signal?: AbortSignal;
  onStep?: Call['onStep'];
}

/** The engine with the real probe and the real gate, and an eye on every socket that passes the gate. */
export interface Lab {
  /** Sockets that were handed out so far. */
  readonly sockets: readonly Socket[];
  /** How often anything was dialled. */
  readonly dials: number;
  test(config: ConfigInput, options?: TestOptions): Promise<Report>;
  read<T>(config: ConfigInput, read: (session: ReadSession) => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export function createLab(options: LabOptions = {}): Lab {
  const sockets: Socket[] = [];
  let dials = 0;
  const { names, dialled, connector = postgresql } = options;
  const resolvedTo = (address: string, port: number) => gate.lookup(gate.admitName(address), port);
  const lookup = options.lookup ?? (names ? async (name: string) => names[name] ?? notFound(name) : undefined);
  const gate = createEgress({
    policy: {
      allowPrivate: options.egress !== 'public_only',
      allowHosts: new Set(),
      allowCidrs: blockList([]),
    },
    ...(lookup ? { lookup } : {}),
    ...(options.services ? { services: options.services } : {}),
  });
  const egress: Egress = {
    ...gate,
    async connect(target, signal) {
      dials += 1;
      if (options.dropped)
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      const elsewhere = dialled === undefined ? target : gate.judge(await resolvedTo(dialled, target.port));
      const socket = await gate.connect(elsewhere, signal);
      sockets.push(socket);
      return socket;
    },
  };
  const services: Services = {
    platforms: new Map(),
    defaultPlatform: 'local',
    egress,
    machine: options.machine ?? createMachine({ outgoing: [] }),
    files: createFileAccess({ roots: [], closed: [] }),
    resolveReference: (reference, tenant) =>
      resolveReference(
        reference,
        {
          env: envReader({ envPrefix: 'HEADWATER_SECRET_', environment: options.environment ?? {} }),
          file: fileReader({ directories: ['/run/secrets'], forbidden: [] }),
          vault: vaultReader({ prefixes: [], token: vaultToken({}), now: () => new Date() }),
          credential: credentialReader(async () => undefined),
        },
        tenant,
      ),
    inlineSecrets: 'allow',
    admission: { admit: async () => ({ settle: async () => {} }) },
    fingerprint: async (text) => text,
    keepEntry: async () => {},
    sessions: undefined as never,
    vault: undefined as never,
    tokens: createTokenDesk(() => Promise.reject(new Error('no provider is asked here'))),
    credentialPages: { url: async () => 'http://127.0.0.1/' },
    now: options.now ?? (() => new Date()),
    isEnabled: () => true,
  };
  const call = (signal = new AbortController().signal): Call => ({
    ...operatorCall(services, 'test_connection', signal),
    principal: { tenant: 'local', subject: 'lab', role: 'admin' },
  });
  return {
    sockets,
    get dials() {
      return dials;
    },
    async test(config, { timeoutS, checks, signal, onStep } = {}) {
      const request = { ...(timeoutS === undefined ? {} : { timeoutS }), ...(checks ? { checks } : {}) };
      const parsed = parseConfig(connector, config);
      const { report } = await testConfig(services, connector, parsed, request, {
        ...call(signal),
        ...(onStep ? { onStep } : {}),
      });
      return report;
    },
    read: (config, read, signal) => reading(services, connector, parseConfig(connector, config), call(signal), read),
  };
}

export function dnsError(code: string): Error {
  return Object.assign(new Error(`getaddrinfo ${code} db.internal.example`), { code, syscall: 'getaddrinfo' });
}

function notFound(name: string): never {
  throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND', syscall: 'getaddrinfo' });
}

export interface Expected {
  step: string;
  code: ProblemCode;
  fields?: readonly string[];
  actor: Actor;
  retryable?: boolean;
  /** What happened, in one sentence. */
  says: string;
  fix: string;
  sql?: string;
  command?: string;
  driver?: string;
  evidence?: RegExp;
  depth: Report['depth'];
  /** Failures besides the first one, as `step: CODE`. */
  also?: readonly string[];
  /** Warnings, as `step: CODE`. */
  warned?: readonly string[];
}

/** Steps behind which nothing can run. */
const GATES = [
  ...['config', 'name_policy', 'dns', 'address_policy', 'tcp', 'tls', 'protocol', 'auth', 'database'],
  ...['ssh_name_policy', 'ssh_dns', 'ssh_address_policy', 'ssh_tcp', 'ssh_protocol', 'ssh_host_key', 'ssh_auth'],
  'tunnel',
];

/** What no sentence of ours may hold: the words of drivers, of Node and of PostgreSQL. */
const DRIVER_WORDS =
  /\bE[A-Z]{5,}\b|getaddrinfo|FATAL|authentication failed|permission denied|does not exist|no pg_hba|statement timeout|terminated|Error:|\bat \w+ \(/;

/** Everything a failed report promises: the right step, the words of the table, skips behind gates, no driver text. */
export function expectFailure(report: Report, expected: Expected): Step {
  const { steps } = report;
  const failures = steps.filter(({ status }) => status === 'fail');
  const [first] = failures;
  expect(first, JSON.stringify(report, undefined, 1)).toBeDefined();
  if (!first) throw new Error('no step failed');
  expect(first).toMatchObject({
    id: expected.step,
    code: expected.code,
    actor: expected.actor,
    retryable: expected.retryable ?? false,
    message: expected.says,
  });
  expect(first.fields).toEqual(expected.fields);
  const { fix: text, sql, command } = expected;
  expect(first.fix).toEqual({
    text,
    ...(sql === undefined ? {} : { sql }),
    ...(command === undefined ? {} : { command }),
  });
  expect(first.driver_code).toBe(expected.driver);
  if (expected.evidence) expect(first.evidence).toMatch(expected.evidence);

  const others = (expected.also ?? []).length;
  const more = others === 0 ? '' : ` (and ${others} more problem${others > 1 ? 's' : ''})`;
  expect(report).toMatchObject({ ok: false, verdict: 'failed', depth: expected.depth });
  expect(report.headline).toBe(`${expected.says}. ${expected.fix}${more}`);
  expect(failures.slice(1).map(labelled)).toEqual(expected.also ?? []);
  expect(steps.filter(({ status }) => status === 'warn').map(labelled)).toEqual(expected.warned ?? []);
  expectSkips(steps, first);
  for (const said of [report.headline, ...steps.flatMap(ourWords)]) expect(said).not.toMatch(DRIVER_WORDS);
  expectHandoff(report, first);
  return first;
}

const labelled = ({ id, code }: Step) => `${id}: ${code}`;

const ourWords = ({ message, fix, title }: Step) => [title, message ?? '', fix?.text ?? ''];

function expectSkips(steps: readonly Step[], first: Step): void {
  const at = steps.indexOf(first);
  for (const step of steps.slice(0, at)) expect(['pass', 'warn', 'skip']).toContain(step.status);
  const behind = steps.slice(at + 1);
  if (!GATES.includes(first.id)) return;
  expect(behind.length).toBeGreaterThan(0);
  for (const step of behind) expect(step).toMatchObject({ status: 'skip', because: first.id, ms: 0 });
}

function expectHandoff({ handoff }: Report, first: Step): void {
  const letter = handoff?.find(({ actor }) => actor === first.actor);
  if (first.actor === 'user') expect(letter).toBeUndefined();
  else {
    // A script says of each change why it is needed, in between.
    if (letter?.format === 'text') expect(letter.text).toContain(first.message);
    const lines = (first.fix?.sql ?? first.fix?.text ?? '').split('\n');
    for (const line of lines) expect(letter?.text).toContain(line);
  }
}

export function stepOf(report: Report, id: string): Step {
  const found = report.steps.find((step) => step.id === id);
  if (!found) throw new Error(`the report has no step ${id}`);
  return found;
}

/** Every socket that the gate handed out has been closed. */
export async function expectClosed(lab: Lab): Promise<void> {
  await vi.waitFor(() => expect(lab.sockets.filter((socket) => !socket.destroyed)).toEqual([]), { timeout: 500 });
}

/** What a promise was rejected with, as our own error. */
export async function failureOf(work: Promise<unknown>): Promise<HeadwaterError> {
  const error = await work.then(
    (value) => new Error(`it did not fail but answered ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof HeadwaterError) return error;
  throw error;
}

/** How long something took, with its answer. */
export async function timed<T>(work: Promise<T>): Promise<{ value: T; ms: number }> {
  const begun = performance.now();
  const value = await work;
  return { value, ms: performance.now() - begun };
}
