import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { duration, showSteps } from '../../../src/commands/live-steps.ts';
import type { Step } from '../../../src/probes/report.ts';
import { fakeTerminal } from './fake-terminal.ts';

const TITLES = new Map([
  ['config', 'Config'],
  ['dns', 'DNS'],
  ['tcp', 'TCP connection'],
  ['login', 'Login'],
  ['cdc', 'CDC: keys for updates and deletes'],
]);
const STEPS: Step[] = [
  { id: 'config', title: 'Config', status: 'pass', ms: 0.42, evidence: 'password from env:HEADWATER_SECRET_DB' },
  { id: 'dns', title: 'DNS', status: 'skip', ms: 0, because: 'the host is an IP address' },
  {
    id: 'tcp',
    title: 'TCP connection',
    status: 'fail',
    ms: 1234,
    code: 'TCP_TIMEOUT',
    evidence: 'no \u001b[31manswer',
  },
  { id: 'login', title: 'Login', status: 'skip', ms: 0, because: 'tcp' },
];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function play(options: Parameters<typeof fakeTerminal>[0]) {
  const terminal = fakeTerminal({ colours: false, ...options });
  const steps = showSteps(terminal.out, TITLES);
  STEPS.forEach((step, at) => {
    vi.advanceTimersByTime(200);
    steps.onStep(step, at + 1, STEPS.length);
  });
  steps.stop();
  return terminal;
}

describe('steps', () => {
  const lines = [
    '✓ Config          0.4 ms  password from env:HEADWATER_SECRET_DB',
    '– DNS                     the host is an IP address',
    '✗ TCP connection   1.2 s  TCP_TIMEOUT · no [31manswer',
    '– Login                   not reached',
    '',
  ];

  it('are lines in a pipe, with nothing a terminal would obey', () => {
    expect(play({}).written().split('\n')).toEqual(lines);
  });

  it('tick off on a terminal, and leave the same lines behind', () => {
    const terminal = play({ columns: 80 });
    expect(terminal.screen()).toEqual(lines);
    expect(terminal.written()).toContain('⠋ Config');
    expect(terminal.written()).toContain('⠹ TCP connection');
  });

  it('are cut to the terminal', () => {
    expect(play({ columns: 50 }).screen()[0]).toBe('✓ Config          0.4 ms  password from env:HEADW…');
  });

  it('come one by one on a terminal that cannot write over lines', () => {
    expect(play({ columns: 80, dumb: true }).written().split('\n')).toEqual(lines);
  });
});

it.each([
  [0.04, '0.0 ms'],
  [9.96, '10.0 ms'],
  [12.4, '12 ms'],
  [1500, '1.5 s'],
])('%d ms read %s', (ms, text) => expect(duration(ms)).toBe(text));
