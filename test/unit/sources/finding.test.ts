import { expect, it } from 'vitest';
import { PROBLEMS, type ProblemCode } from '../../../src/probes/problems/index.ts';
import type { Depth, Report, Step } from '../../../src/probes/report.ts';
import { findingOf } from '../../../src/sources/finding.ts';

function report(depth: Depth, ...steps: Partial<Step>[]): Report {
  return {
    ok: false,
    verdict: 'failed',
    headline: 'What happened.',
    depth,
    latency_ms: 1,
    steps: steps.map((step) => ({ id: 'step', title: 'Step', status: 'fail', ms: 1, ...step })),
    warnings: [],
    tested_at: '2026-11-20T08:00:00.000Z',
  };
}

const outcomeOf = (code: ProblemCode) => findingOf(report('tcp', { code })).outcome;

it('holds against a destination only what keeps it from being reached', () => {
  const codes = Object.keys(PROBLEMS) as ProblemCode[];
  const by = (outcome: string) => codes.filter((code) => outcomeOf(code) === outcome);
  expect(by('unreachable')).toEqual([
    'DNS_NOT_FOUND',
    'DNS_FAILED',
    'DNS_TIMEOUT',
    'TCP_REFUSED',
    'TCP_TIMEOUT',
    'TCP_UNREACHABLE',
    'CONNECTION_LOST',
    'PROTOCOL_TIMEOUT',
    'SSH_DNS_NOT_FOUND',
    'SSH_DNS_FAILED',
    'SSH_DNS_TIMEOUT',
    'SSH_TCP_REFUSED',
    'SSH_TCP_TIMEOUT',
    'SSH_TCP_UNREACHABLE',
    'SSH_CONNECTION_LOST',
    'SSH_PROTOCOL_TIMEOUT',
    'SSH_BUSY',
    'SSH_AUTH_TIMEOUT',
    'TUNNEL_NAME_UNKNOWN',
    'TUNNEL_REFUSED',
    'TUNNEL_TIMEOUT',
    'TUNNEL_UNREACHABLE',
    'TLS_FAILED',
    'TLS_TIMEOUT',
    'SERVER_NOT_READY',
    'TOO_MANY_CONNECTIONS',
    'AUTH_TIMEOUT',
    'HTTP_TIMEOUT',
    'HTTP_BROKEN',
    'HTTP_SERVER_ERROR',
    'CHECK_TIMEOUT',
  ]);
  expect(by('rejected')).toEqual([
    'AUTH_REJECTED',
    'AUTH_REJECTED_WITHOUT_TLS',
    'API_AUTH_REJECTED',
    'MCP_AUTH_REJECTED',
  ]);
  expect(by('unknown')).toEqual([
    'CONFIG_UNUSABLE',
    'HOST_REFUSED',
    'SSH_HOST_REFUSED',
    'OAUTH_SIGN_IN_NEEDED',
    'OAUTH_UNREACHABLE',
    'FILE_REFUSED',
    'REDIRECT_REFUSED',
    'CHECK_BROKEN',
    'CONNECTOR_ABSENT',
  ]);
  expect(by('asked_to_wait')).toEqual(['HTTP_RATE_LIMITED']);
});

it('takes the first failure, and its sentence', () => {
  const found = findingOf(report('tcp', { code: 'TCP_REFUSED' }, { code: 'AUTH_REJECTED' }));
  expect(found).toEqual({ outcome: 'unreachable', last: { code: 'TCP_REFUSED', message: 'What happened.' } });
});

it('knows how long a server wants to be left alone', () => {
  expect(findingOf(report('protocol', { code: 'HTTP_RATE_LIMITED', retry_after_ms: 9000 }))).toMatchObject({
    waitMs: 9000,
  });
});

it('tells a login that was right from a server that merely answered', () => {
  expect(findingOf(report('read', { status: 'pass' })).outcome).toBe('accepted');
  expect(findingOf(report('auth', { code: 'DATABASE_NOT_FOUND' })).outcome).toBe('accepted');
  expect(findingOf(report('tcp', { code: 'TLS_UNTRUSTED' })).outcome).toBe('reached');
  expect(findingOf(report('tcp', { status: 'warn', code: 'TCP_REFUSED' })).outcome).toBe('reached');
});

it('knows the login at a server on the way from that at the source', () => {
  const ssh = (...steps: Partial<Step>[]) => findingOf(report('config', ...steps));
  const passed: Partial<Step> = { id: 'ssh_auth', status: 'pass' };
  expect(ssh({ id: 'ssh_auth', code: 'SSH_AUTH_REJECTED' })).toEqual({ outcome: 'reached', through: 'rejected' });
  expect(ssh({ id: 'ssh_auth', code: 'SSH_KEY_UNREADABLE' })).toEqual({ outcome: 'reached' });
  expect(ssh(passed, { id: 'auth', code: 'AUTH_REJECTED' })).toEqual({ outcome: 'rejected', through: 'accepted' });
  expect(ssh(passed, { id: 'tunnel', code: 'TUNNEL_REFUSED' })).toMatchObject({
    outcome: 'unreachable',
    through: 'accepted',
  });
});
