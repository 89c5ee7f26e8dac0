import { expect, vi } from 'vitest';
import type { HostileServer } from '../../support/hostile-servers.ts';
import { sharedPostgres } from '../../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../../support/shop.ts';
import {
  type ConfigInput,
  createLab,
  type Expected,
  expectClosed,
  expectFailure,
  type Lab,
  type LabOptions,
  type TestOptions,
  timed,
} from './lab.ts';

/**
 * What goes wrong between a person's config and the first row, brought about for real. Each row says which step fails,
 * with which code, who can mend it, which fields to change, and the words; and each must end in time, leave no socket
 * open and show no password.
 */
export interface Row {
  config?: ConfigInput;
  lab?: LabOptions;
  options?: TestOptions;
  expected: Expected;
  /** Ends when its time is up; everything else ends soon. */
  atDeadline?: boolean;
  /** What soon is, where the server takes its time. */
  soonMs?: number;
}

export interface NamedRow extends Row {
  name: string;
}

const server = sharedPostgres();

/** A config that works, so that one wrong thing is the only wrong thing. */
export const READER = {
  host: server.host,
  port: server.port,
  database: SHOP_DATABASE,
  username: SHOP_ROLES.reader,
  password: server.readerPassword,
};

const SOON_MS = 2000;
export const DEADLINE_S = 0.6;

/** Runs one row and looks at everything that every failure promises. */
export async function expectRow(row: Row): Promise<Lab> {
  const { config, options, expected, atDeadline, soonMs = SOON_MS } = row;
  const lab = createLab(row.lab);
  const timeoutS = options?.timeoutS ?? (atDeadline ? DEADLINE_S : 10);
  const { value: report, ms } = await timed(lab.test({ ...READER, ...config }, { ...options, timeoutS }));
  expectFailure(report, expected);
  if (atDeadline) expect(ms).toBeGreaterThanOrEqual(timeoutS * 1000 - 20);
  expect(ms).toBeLessThan(atDeadline ? timeoutS * 1000 + soonMs : soonMs);
  expect(JSON.stringify(report)).not.toContain(config?.['password'] ?? READER.password);
  await expectClosed(lab);
  return lab;
}

/** The same against a server of our own, which must see every connection closed. */
export async function expectAgainst(
  starting: Promise<HostileServer>,
  row: (place: string, port: number) => Row,
): Promise<void> {
  const running = await starting;
  try {
    const { port } = running;
    const { config, ...rest } = row(`127.0.0.1:${port}`, port);
    await expectRow({ ...rest, config: { port, ...config } });
    expect(running.connections).toBeGreaterThan(0);
    await vi.waitFor(() => expect(running.open).toBe(0));
  } finally {
    await running.stop();
  }
}

export const wrongProtocol = (place: string, what: string, step: string, depth: Expected['depth']): Expected => ({
  step,
  code: 'WRONG_PROTOCOL',
  fields: ['port', 'host'],
  actor: 'user',
  says: `${place} is not PostgreSQL: ${what}`,
  fix: 'Give the port on which PostgreSQL itself listens.',
  depth,
});

export const lost = (place: string, step: string, depth: Expected['depth']): Expected => ({
  step,
  code: 'CONNECTION_LOST',
  fields: ['host', 'port'],
  actor: 'network_admin',
  retryable: true,
  says: `${place} accepted the connection and then dropped it`,
  fix: `Look at the log of the server behind ${place}; a proxy or firewall in between may also cut connections.`,
  depth,
});

export const saysNothing = (port: number, step: 'tls' | 'protocol', depth: Expected['depth']): Expected => ({
  step,
  code: step === 'tls' ? 'TLS_TIMEOUT' : 'PROTOCOL_TIMEOUT',
  fields: step === 'tls' ? ['port', 'tls_mode'] : ['port'],
  actor: 'network_admin',
  retryable: true,
  says: `127.0.0.1:${port} accepted the connection and then said nothing`,
  fix: `Check that ${port} is the port of PostgreSQL itself; an overloaded server or a proxy in between can also hang.`,
  depth,
});

export const rejected = (username: string): Expected => ({
  step: 'auth',
  code: 'AUTH_REJECTED',
  fields: ['username', 'password'],
  actor: 'user',
  says: `The server rejected the user name or password (user ${username})`,
  fix: `Check both: servers do not say which of the two is wrong. The password of ${username} may have been changed or have expired, or the role may not be there: the hand-off has what an administrator can run.`,
  driver: '28P01',
  depth: 'protocol',
});
