import { afterEach, describe, expect, it } from 'vitest';
import { startPooler } from '../support/pgbouncer.ts';
import type { TestPostgres } from '../support/postgres.ts';
import { createSite, DEBIAN_BIN, PASSWORD, startReadyServer, startStandby } from '../support/postgres-sites.ts';
import { failing, handoffTo, rollBackOf } from '../support/reports.ts';
import { ALL_SERVICES } from '../support/services.ts';

const SLOTS = "SELECT pg_create_physical_replication_slot('one')";

describe.skipIf(DEBIAN_BIN === undefined && !ALL_SERVICES)(
  'PostgreSQL 15, its settings (npm run test:services)',
  () => {
    const running: { stop(): Promise<void> }[] = [];
    afterEach(async () => {
      for (const each of running.splice(0).reverse()) await each.stop();
    });

    async function start(settings: Record<string, string>): Promise<TestPostgres> {
      const server = await startReadyServer({ settings });
      running.push(server);
      return server;
    }

    it.each([
      ['wal_level replica', { wal_level: 'replica' }, '', 'cdc_wal_level', 'CDC_WAL_LEVEL'],
      ['no slot free', { max_replication_slots: '1' }, SLOTS, 'cdc_slots', 'CDC_NO_FREE_SLOT'],
      ['no slot at all', { max_replication_slots: '0' }, '', 'cdc_slots', 'CDC_NO_FREE_SLOT'],
      ['no sender at all', { max_wal_senders: '0' }, '', 'cdc_slots', 'CDC_NO_FREE_SLOT'],
      ['neither', { wal_level: 'minimal', max_wal_senders: '0' }, '', 'cdc_wal_level', 'CDC_WAL_LEVEL'],
    ])('%s: as printed, then a restart', async (_, settings, sql, id, code) => {
      const server = await start(settings as Record<string, string>);
      const site = await createSite(server);
      if (sql) await site.sql(sql);
      const report = await site.test();
      const failed = failing(report);
      expect(failed, JSON.stringify(report.steps, undefined, 1)).toMatchObject({ id, code, actor: 'dba' });
      // Each step's own fix leaves a server that starts.
      for (const step of report.steps.filter(({ status }) => status === 'fail').reverse()) {
        expect(step.fix?.sql).toContain('-- Holds once the server has been restarted.');
        expect(await site.psql(step.fix?.sql ?? '')).toBe('');
        await server.restart();
      }
      expect(await site.test()).toMatchObject({ ok: true, verdict: 'ok' });
      expect(await site.psql(rollBackOf(handoffTo(report, 'dba')))).toBe('');
      await server.restart();
      expect(failing(await site.test())).toMatchObject({ id, code });
    });

    it('all senders in use: the server says so to the session as well', async () => {
      const server = await start({ max_wal_senders: '1' });
      const site = await createSite(server);
      const standby = await startStandby(server);
      running.push(standby);
      const report = await site.test();
      expect(failing(report)).toMatchObject({ id: 'cdc_slots', code: 'CDC_NO_FREE_SLOT', actor: 'dba' });
      expect(report.steps.find(({ id }) => id === 'cdc_session')).toMatchObject({
        status: 'skip',
        because: 'cdc_slots',
      });
      await site.psql(failing(report)?.fix?.sql ?? '');
      await server.restart();
      expect(await site.test()).toMatchObject({ ok: true });
    });

    it('a standby that cannot decode yet, and the primary', async () => {
      const server = await start({});
      const site = await createSite(server);
      const standby = await startStandby(server);
      running.push(standby);
      const failed = failing(await site.test({ port: standby.port }));
      expect(failed).toMatchObject({ id: 'cdc_standby', code: 'CDC_STANDBY', actor: 'user', fields: ['host'] });
      expect(await site.test()).toMatchObject({ ok: true });
    });

    it.each(['session', 'transaction'])('a pooler in front, in %s mode', async (mode) => {
      const server = await start({});
      const site = await createSite(server);
      const pooler = await startPooler({ server, mode, user: site.name, password: PASSWORD });
      running.push(pooler);
      const report = await site.test({ port: pooler.port });
      expect(failing(report), JSON.stringify(report.steps, undefined, 1)).toMatchObject({
        id: 'cdc_session',
        code: 'CDC_POOLER',
        actor: 'user',
        fields: ['host', 'port'],
      });
      expect(report.steps.filter(({ status }) => status === 'fail')).toHaveLength(1);
      // Nothing of ours is left on connections that others are given.
      expect(await pooler.query('SHOW statement_timeout')).toEqual([{ statement_timeout: '0' }]);
      expect(await site.test()).toMatchObject({ ok: true });
    });
  },
);
