import { expect, vi } from 'vitest';
import { oracle } from '../../../../src/connectors/databases/oracle.ts';
import type { Connector } from '../../../../src/connectors/define-connector.ts';
import type { ConnectionSettings, Driver } from '../../../../src/probes/oracle/driver.ts';
import { oracleProbe } from '../../../../src/probes/oracle/index.ts';
import type { HostileServer } from '../../../support/hostile-servers.ts';
import { type ConfigInput, createLab, expectClosed, type LabOptions, stepOf, timed } from '../lab.ts';

export const PASSWORD = 'p4ssw0rd-of-reader';
export const READER = { host: '127.0.0.1', service_name: 'SHOP', username: 'reader', password: PASSWORD };

/** Oracle's connector with another driver, or with none. */
export function withDriver(driver: Driver | undefined): Connector {
  return { ...oracle, probe: async () => oracleProbe('Oracle Database', async () => driver) };
}

/** What `oracledb` answers, in the shape that it documents: rows as arrays, columns named in capitals. */
export function driverOf(
  answer: (statement: string, binds: readonly (string | number)[]) => readonly Record<string, string | null>[],
  seen: { settings?: ConnectionSettings; statements?: string[]; closed?: number } = {},
): Driver {
  return {
    getConnection: async (settings) => {
      seen.settings = settings;
      return {
        oracleServerVersionString: '19.21.0.0.0',
        execute: async (statement, binds) => {
          seen.statements?.push(statement);
          const rows = answer(statement, binds);
          const names = Object.keys(rows[0] ?? {});
          return {
            metaData: names.map((name) => ({ name: name.toUpperCase() })),
            rows: rows.map((row) => names.map((name) => row[name] ?? null)),
          };
        },
        close: async () => {
          seen.closed = (seen.closed ?? 0) + 1;
        },
      };
    },
  };
}

/** An error as the driver throws it. */
export function driverError(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}\nHelp: https://docs.oracle.com/error-help/`), { code });
}

export async function testAgainst<S extends HostileServer>(
  starting: Promise<S>,
  against: { config?: ConfigInput; lab?: LabOptions; driver?: Driver; checks?: string[]; timeoutS?: number } = {},
) {
  const { config, lab: options, driver, checks, timeoutS = 5 } = against;
  const server = await starting;
  const lab = createLab({ connector: withDriver(driver), ...options });
  try {
    const { value: report, ms } = await timed(
      lab.test({ ...READER, port: server.port, ...config }, { timeoutS, ...(checks ? { checks } : {}) }),
    );
    expect(ms).toBeLessThan(timeoutS * 1000 + 2000);
    expect(JSON.stringify(report)).not.toContain(PASSWORD);
    await expectClosed(lab);
    await vi.waitFor(() => expect(server.open).toBe(0));
    return { report, server, step: (id: string) => stepOf(report, id) };
  } finally {
    await server.stop();
  }
}
