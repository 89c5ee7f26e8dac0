import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Actor, ProblemCode } from '../../src/probes/problems/index.ts';
import type { TestPostgres } from '../support/postgres.ts';
import { createSite, DEBIAN_BIN, PASSWORD, type Site, startReadyServer } from '../support/postgres-sites.ts';
import { failing, handoffTo } from '../support/reports.ts';
import { ALL_SERVICES } from '../support/services.ts';

/** One thing is wrong between the config and the rows: what the test says of it, and that the fix as printed mends it. */
interface Case {
  name: string;
  /** What an administrator did wrong; `me` is the role and the database. */
  spoil?: (me: string) => string;
  /** What the config has wrong. */
  config?: Record<string, unknown>;
  step: string;
  code: ProblemCode;
  actor: Actor;
  fields?: readonly string[];
  /** How it is mended: the step's statements, the script for the administrator, or another config. */
  fix: 'sql' | 'handoff' | Record<string, unknown>;
  /** What a script leaves for a person to do. */
  byHand?: (me: string) => string;
}

const CASES: readonly Case[] = [
  {
    name: 'a wrong port',
    config: { port: 1 },
    step: 'tcp',
    code: 'TCP_REFUSED',
    actor: 'user',
    fields: ['port', 'host'],
    fix: {},
  },
  {
    name: 'a wrong database',
    config: { database: 'shoop' },
    step: 'database',
    code: 'DATABASE_NOT_FOUND',
    actor: 'user',
    fields: ['database'],
    fix: {},
  },
  {
    name: 'a wrong password',
    config: { password: 'of-last-year' },
    step: 'auth',
    code: 'AUTH_REJECTED',
    actor: 'user',
    fields: ['username', 'password'],
    fix: {},
  },
  {
    name: 'no such role',
    spoil: (me) => `DROP OWNED BY ${me}; DROP ROLE ${me}`,
    step: 'auth',
    code: 'AUTH_REJECTED',
    actor: 'user',
    fields: ['username', 'password'],
    fix: 'handoff',
    byHand: (me) => `ALTER ROLE ${me} PASSWORD '${PASSWORD}'`,
  },
  {
    name: 'a password that has expired',
    spoil: (me) => `ALTER ROLE ${me} VALID UNTIL '2020-01-01'`,
    step: 'auth',
    code: 'AUTH_REJECTED',
    actor: 'user',
    fields: ['username', 'password'],
    fix: 'handoff',
  },
  {
    name: 'a role that may not log in',
    spoil: (me) => `ALTER ROLE ${me} NOLOGIN`,
    step: 'auth',
    code: 'LOGIN_NOT_PERMITTED',
    actor: 'dba',
    fields: ['username'],
    fix: 'sql',
  },
  {
    name: 'a role that may open no session',
    spoil: (me) => `ALTER ROLE ${me} CONNECTION LIMIT 0`,
    step: 'auth',
    code: 'ROLE_CONNECTION_LIMIT',
    actor: 'dba',
    fields: ['username'],
    fix: 'sql',
  },
  {
    name: 'no CONNECT',
    spoil: (me) => `REVOKE CONNECT ON DATABASE ${me} FROM PUBLIC`,
    step: 'database',
    code: 'DATABASE_DENIED',
    actor: 'dba',
    fields: ['database'],
    fix: 'sql',
  },
  {
    name: 'a database that takes no connections',
    spoil: (me) => `UPDATE pg_database SET datallowconn = false WHERE datname = '${me}'`,
    step: 'database',
    code: 'DATABASE_CLOSED',
    actor: 'dba',
    fields: ['database'],
    fix: 'sql',
  },
  {
    name: 'no USAGE of the schema of selected tables',
    spoil: (me) => `REVOKE USAGE ON SCHEMA shop FROM ${me}`,
    step: 'tables',
    code: 'TABLE_DENIED',
    actor: 'dba',
    fields: ['tables'],
    fix: 'sql',
  },
  {
    name: 'no SELECT on one selected table',
    spoil: (me) => `REVOKE SELECT ON shop.customers FROM ${me}`,
    step: 'tables',
    code: 'TABLE_DENIED',
    actor: 'dba',
    fields: ['tables'],
    fix: 'sql',
  },
  {
    name: 'a selected table that is not there',
    config: { tables: ['shop.orders', 'shop.Custmers'] },
    step: 'tables',
    code: 'TABLE_NOT_FOUND',
    actor: 'user',
    fields: ['tables'],
    fix: {},
  },
  {
    name: 'no USAGE of a selected schema',
    config: { tables: undefined, schemas: ['shop'] },
    spoil: (me) => `REVOKE USAGE ON SCHEMA shop FROM ${me}`,
    step: 'schemas',
    code: 'SCHEMA_DENIED',
    actor: 'dba',
    fields: ['schemas'],
    fix: 'sql',
  },
  {
    name: 'nothing that may be read',
    config: { tables: undefined },
    spoil: (me) => `REVOKE ALL ON ALL TABLES IN SCHEMA shop FROM ${me}`,
    step: 'list',
    code: 'TABLES_DENIED',
    actor: 'dba',
    fields: ['username'],
    fix: 'sql',
  },
  {
    name: 'a schema that is not there',
    config: { tables: undefined, schemas: ['Shop'] },
    step: 'schemas',
    code: 'SCHEMA_NOT_FOUND',
    actor: 'user',
    fields: ['schemas'],
    fix: { tables: undefined },
  },
];

describe.skipIf(DEBIAN_BIN === undefined && !ALL_SERVICES)(
  'PostgreSQL 15, one thing wrong (npm run test:services)',
  () => {
    let server: TestPostgres;
    let site: Site;

    beforeAll(async () => {
      server = await startReadyServer();
    });
    afterAll(() => server?.stop());
    beforeEach(async () => {
      site = await createSite(server);
    });
    afterEach(() => site.drop());

    it('nothing is wrong', async () => {
      const report = await site.test();
      expect(report, JSON.stringify(report.steps, undefined, 1)).toMatchObject({
        ok: true,
        verdict: 'ok',
        depth: 'cdc',
      });
    });

    it.each(CASES)('$name: $code', async ({ spoil, config, step, code, actor, fields, fix, byHand }) => {
      if (spoil) await server.query(spoil(site.name), undefined, site.name).catch(() => server.query(spoil(site.name)));
      const report = await site.test(config);
      const failed = failing(report);
      expect(failed, JSON.stringify(report.steps, undefined, 1)).toMatchObject({
        id: step,
        code,
        actor,
        ...(fields ? { fields } : {}),
      });
      if (typeof fix === 'object') {
        expect(await site.test(fix)).toMatchObject({ ok: true });
        return;
      }
      const script = fix === 'sql' ? (failed?.fix?.sql ?? '') : handoffTo(report, 'dba');
      // A database that takes no connections is mended from another one.
      if (code === 'DATABASE_CLOSED') await server.query(script);
      else expect(await site.psql(script)).toBe('');
      if (byHand) await server.query(byHand(site.name));
      const mended = await site.test(config);
      expect(mended, JSON.stringify(mended.steps, undefined, 1)).toMatchObject({ ok: true });
    });
  },
);
