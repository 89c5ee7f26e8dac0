import { expect, vi } from 'vitest';
import { sqlserver } from '../../../../src/connectors/databases/sqlserver.ts';
import type { HostileServer } from '../../../support/hostile-servers.ts';
import { answerOf, type Model, shopModel } from '../../../support/sqlserver-model.ts';
import {
  startTdsServer,
  type TdsError,
  type TdsLogin,
  type TdsServer,
  type TdsServerOptions,
} from '../../../support/tds-server.ts';
import { type ConfigInput, createLab, expectClosed, type LabOptions, stepOf, timed } from '../lab.ts';

export const PASSWORD = "p4ss]w'örd-of-reader";
const READER = { host: '127.0.0.1', database: 'shop', username: 'reader', password: PASSWORD };
const SOON_MS = 2000;

export const LOGIN_FAILED: TdsError = { number: 18456, message: "Login failed for user 'reader'." };

/** A server that knows one login, and answers from its model. */
export function startShop(model: Model = shopModel(), options: TdsServerOptions = {}): Promise<TdsServer> {
  return startTdsServer({
    login: ({ username, password, database }: TdsLogin) => {
      if (username !== 'reader' || password !== PASSWORD) return [LOGIN_FAILED];
      const message = `Cannot open database "${database}" requested by the login. The login failed.`;
      const isThere = database === '' || database === model.database;
      return isThere ? undefined : [{ number: 4060, message }, LOGIN_FAILED];
    },
    answer: answerOf(model),
    ...options,
  });
}

export interface Against {
  config?: ConfigInput;
  lab?: LabOptions;
  timeoutS?: number;
  checks?: string[];
  soonMs?: number;
}

/** A test of a server of our own. Whatever it does: it ends in time, no socket stays open, no password is shown. */
export async function testAgainst<S extends HostileServer>(starting: Promise<S>, against: Against = {}) {
  const { config, lab: options, timeoutS = 10, checks, soonMs } = against;
  const server = await starting;
  const lab = createLab({ connector: sqlserver, ...options });
  try {
    const { value: report, ms } = await timed(
      lab.test({ ...READER, port: server.port, ...config }, { timeoutS, ...(checks ? { checks } : {}) }),
    );
    expect(ms).toBeLessThan(soonMs ?? (timeoutS < 10 ? timeoutS * 1000 + SOON_MS : SOON_MS));
    expect(JSON.stringify(report)).not.toContain(PASSWORD);
    await expectClosed(lab);
    await vi.waitFor(() => expect(server.open).toBe(0));
    return { report, server, step: (id: string) => stepOf(report, id) };
  } finally {
    await server.stop();
  }
}
