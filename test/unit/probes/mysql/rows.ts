import { expect, vi } from 'vitest';
import { mysql } from '../../../../src/connectors/databases/mysql.ts';
import type { HostileServer } from '../../../support/hostile-servers.ts';
import {
  type ConfigInput,
  createLab,
  type Expected,
  expectClosed,
  expectFailure,
  type LabOptions,
  stepOf,
  timed,
} from '../lab.ts';

export const PASSWORD = 'p4ssw0rd-of-reader';
const READER = { host: '127.0.0.1', database: 'shop', username: 'reader', password: PASSWORD };
const SOON_MS = 2000;

export interface Against {
  config?: ConfigInput;
  lab?: LabOptions;
  timeoutS?: number;
  checks?: string[];
  soonMs?: number;
}

/** A test of a server of our own. Whatever it does: it ends in time, no socket stays open, no password is shown. */
export async function testAgainst(
  starting: Promise<HostileServer>,
  { config, lab: options, timeoutS = 10, checks, soonMs }: Against = {},
) {
  const server = await starting;
  const lab = createLab({ connector: mysql, ...options });
  try {
    const { value: report, ms } = await timed(
      lab.test({ ...READER, port: server.port, ...config }, { timeoutS, ...(checks ? { checks } : {}) }),
    );
    expect(ms).toBeLessThan(soonMs ?? (timeoutS < 10 ? timeoutS * 1000 + SOON_MS : SOON_MS));
    expect(JSON.stringify(report)).not.toContain(PASSWORD);
    await expectClosed(lab);
    expect(server.connections).toBe(1);
    await vi.waitFor(() => expect(server.open).toBe(0));
    return { report, port: server.port, step: (id: string) => stepOf(report, id) };
  } finally {
    await server.stop();
  }
}

/** The same, for a server that must make the test fail in one way. */
export async function expectAgainst(
  starting: Promise<HostileServer>,
  expected: (place: string, port: number) => Expected,
  against: Against = {},
): Promise<void> {
  const { report, port } = await testAgainst(starting, against);
  expectFailure(report, expected(`127.0.0.1:${port}`, port));
}

export const wrongProtocol =
  (what: string, step: string, depth: Expected['depth']) =>
  (place: string): Expected => ({
    step,
    code: 'WRONG_PROTOCOL',
    fields: ['port', 'host'],
    actor: 'user',
    says: `${place} is not MySQL: ${what}`,
    fix: 'Give the port on which MySQL itself listens.',
    depth,
  });

export const lost =
  (step: string, depth: Expected['depth']) =>
  (place: string): Expected => ({
    step,
    code: 'CONNECTION_LOST',
    fields: ['host', 'port'],
    actor: 'network_admin',
    retryable: true,
    says: `${place} accepted the connection and then dropped it`,
    fix: `Look at the log of the server behind ${place}; a proxy or firewall in between may also cut connections.`,
    depth,
  });

export const saysNothing =
  (step: 'tls' | 'protocol') =>
  (place: string, port: number): Expected => ({
    step,
    code: step === 'tls' ? 'TLS_TIMEOUT' : 'PROTOCOL_TIMEOUT',
    fields: step === 'tls' ? ['port', 'tls_mode'] : ['port'],
    actor: 'network_admin',
    retryable: true,
    says: `${place} accepted the connection and then said nothing`,
    fix: `Check that ${port} is the port of MySQL itself; an overloaded server or a proxy in between can also hang.`,
    depth: 'tcp',
  });
