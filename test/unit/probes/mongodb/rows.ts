import { expect, vi } from 'vitest';
import { mongodb } from '../../../../src/connectors/databases/mongodb.ts';
import type { HostileServer } from '../../../support/hostile-servers.ts';
import type { User } from '../../../support/mongodb-rights.ts';
import { type FakeMongodb, type FakeMongodbOptions, startFakeMongodb } from '../../../support/mongodb-server.ts';
import { type ConfigInput, createLab, expectClosed, type LabOptions, stepOf, type TestOptions, timed } from '../lab.ts';

export const PASSWORD = 'p4ssw0rd-of-reader';
export const READER: User = { username: 'reader', password: PASSWORD, roles: [{ role: 'read', db: 'shop' }] };
export const SHOP = {
  shop: { customers: { documents: [{ _id: 1, name: 'Ada' }] }, orders: { documents: [{ _id: 7 }, { _id: 8 }] } },
  crm: { notes: { documents: [{ _id: 'n' }] } },
};
const CONFIG = { host: '127.0.0.1', database: 'shop', username: 'reader', password: PASSWORD, tls_mode: 'disable' };
const SOON_MS = 3000;

export interface Against extends TestOptions {
  config?: ConfigInput;
  lab?: LabOptions;
  soonMs?: number;
}

/** A test of a server. Whatever it does: it ends in time, no socket stays open, no password is shown. */
export async function testOf(server: HostileServer, { config, lab: options, soonMs = SOON_MS, ...rest }: Against = {}) {
  const lab = createLab({ connector: mongodb, ...options });
  const { value: report, ms } = await timed(lab.test({ ...CONFIG, port: server.port, ...config }, rest));
  expect(ms).toBeLessThan(soonMs);
  expect(JSON.stringify(report)).not.toContain(PASSWORD);
  await expectClosed(lab);
  await vi.waitFor(() => expect(server.open).toBe(0));
  return {
    report,
    step: (id: string) => stepOf(report, id),
    failed: report.steps.find(({ status }) => status === 'fail'),
  };
}

/** The same, of a server that is there for this test alone. */
export async function testAgainst(starting: Promise<HostileServer>, against: Against = {}) {
  const server = await starting;
  try {
    return await testOf(server, against);
  } finally {
    await server.stop();
  }
}

/** A replica set of one, with the shop in it and a reader of it. It is left as it was found: nothing but reading. */
export async function testFake(options: FakeMongodbOptions = {}, against: Against = {}) {
  const server = await startFakeMongodb({ users: [READER], databases: SHOP, ...options });
  try {
    const tested = await testOf(server, against);
    expectOnlyReading(server);
    return { ...tested, server };
  } finally {
    await server.stop();
  }
}

const READING =
  /^(hello|isMaster|saslStart|saslContinue|buildInfo|connectionStatus|listDatabases|listCollections|listIndexes|collStats|find|count|aggregate|killCursors|serverStatus)$/;

export function expectOnlyReading({ commands, cursors }: FakeMongodb): void {
  for (const command of commands) expect(Object.keys(command)[0]).toMatch(READING);
  expect(cursors).toBe(0);
}
