import { readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import {
  account,
  CAPTURE,
  failuresOf,
  holdConnection,
  type MariadbLab,
  PASSWORD,
  startLab,
  startRelay,
  toTheDba,
} from '../support/mariadb-lab.ts';
import { ALL_SERVICES, SERVICES } from '../support/services.ts';

const installed = SERVICES.find(({ name }) => name === 'MariaDB')?.find() !== undefined;

const SHOP = `CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY); INSERT INTO shop.orders VALUES (1);`;
const READS = 'SELECT ON shop.*';
const CDC = ['cdc'];
const codesOf = (report: Parameters<typeof failuresOf>[0]) => failuresOf(report).map(({ id, code }) => [id, code]);

describe.skipIf(!installed && !ALL_SERVICES)(
  "whole servers misconfigured, of Debian's MariaDB (left out where it is not installed: npm run test:services)",
  () => {
    /** With TLS, a log and filters; and one without a log, which looks up who comes. */
    let lab: MariadbLab;
    let bare: MariadbLab;

    beforeAll(async () => {
      expect(installed, 'MariaDB from Debian').toBe(true);
      const tls = await (await createAuthority()).issue({ ips: ['127.0.0.1'] });
      [lab, bare] = await Promise.all([
        startLab({ tls, settings: { 'log-bin': 'binlog', 'binlog-format': 'ROW', 'expire-logs-days': '30' } }),
        startLab({ settings: { 'skip-ssl': '1', 'skip-name-resolve': '0' } }),
      ]);
      for (const { server } of [lab, bare]) await server.sql(SHOP);
      await lab.server.sql(account('reader', [READS, CAPTURE]));
      await bare.server.sql(account('reader', [READS]));
    }, 180_000);
    afterAll(async () => {
      await Promise.all([lab?.stop(), bare?.stop()]);
    });

    it('an account that demands TLS', async () => {
      await lab.server.sql(account('encrypted', [READS], 'REQUIRE SSL'));
      const [found] = failuresOf(await lab.test({ username: 'encrypted', tls_mode: 'disable' }));
      expect(found).toMatchObject({ id: 'auth', code: 'AUTH_REJECTED_WITHOUT_TLS', actor: 'user' });
      expect(found?.fields).toEqual(['username', 'password', 'tls_mode']);
      expect(await lab.test({ username: 'encrypted', tls_mode: 'require' })).toMatchObject({ ok: true });
    });

    it('an account whose password is wrong stays as it is, whatever script is run', async () => {
      await lab.server.sql(account('fumbling', [READS]));
      const before = await lab.dump();
      const report = await lab.test({ username: 'fumbling', password: 'not-this-one' });
      expect(codesOf(report)).toEqual([['auth', 'AUTH_REJECTED']]);
      await lab.server.sql(toTheDba(report)?.text ?? '');
      expect(await lab.dump()).toBe(before);
    });

    it('a password that was tried too often', async () => {
      await lab.server.sql('SET GLOBAL max_password_errors = 1');
      await lab.test({ username: 'fumbling', password: 'not-this-one' });
      await lab.test({ username: 'fumbling', password: 'not-this-one' });
      const [found] = failuresOf(await lab.test({ username: 'fumbling' }));
      expect(found).toMatchObject({ code: 'ACCOUNT_LOCKED', driver_code: '4150', actor: 'dba', fields: ['username'] });
      if (found) await lab.apply(found);
      expect(await lab.test({ username: 'fumbling' })).toMatchObject({ ok: true });
      await lab.server.sql('SET GLOBAL max_password_errors = 4294967295');
    });

    it('an account with no connection left', async () => {
      await lab.server.sql(account('narrow', [READS], 'WITH MAX_USER_CONNECTIONS 1'));
      const before = await lab.dump();
      const held = await holdConnection(lab.server, 'narrow');
      try {
        const report = await lab.test({ username: 'narrow' });
        const [found] = failuresOf(report);
        expect(found).toMatchObject({
          code: 'TOO_MANY_CONNECTIONS',
          actor: 'dba',
          driver_code: '1226',
          retryable: true,
        });
        await lab.runScript(toTheDba(report));
        expect(await lab.test({ username: 'narrow' })).toMatchObject({ ok: true });
        await lab.rollBack(toTheDba(report));
        expect(await lab.dump()).toBe(before);
      } finally {
        await held.end();
      }
    });

    describe('filters of the log', () => {
      const file = () => join(lab.server.settingsFolder, '50-server.cnf');

      it.each([
        ['binlog_ignore_db', 'binlog-ignore-db = shop\nbinlog-ignore-db = scratch\n'],
        ['binlog_do_db', 'binlog-do-db = scratch\n'],
      ] as const)('%s', async (what, lines) => {
        await writeFile(file(), `[mysqld]\n${lines}`);
        await lab.server.restart();
        const report = await lab.test({}, CDC);
        const [found] = failuresOf(report);
        expect(codesOf(report)).toEqual([['cdc_filters', 'CDC_BINLOG_FILTERED']]);
        expect(found).toMatchObject({ actor: 'dba', fields: ['database', 'databases'] });
        expect(found?.message).toContain(`shop (${what})`);
        if (found) await lab.apply(found);
        expect(failuresOf(await lab.test({}, CDC))).toEqual([]);
        for (const name of await readdir(lab.server.settingsFolder)) await rm(join(lab.server.settingsFolder, name));
      });
    });

    it('a log that is off, told in halves, and an account that may not read', async () => {
      await bare.server.sql(`REVOKE SELECT ON shop.* FROM reader@'127.0.0.1'; GRANT INSERT ON shop.* TO reader@'127.0.0.1';
        SET GLOBAL binlog_row_image = 'MINIMAL'`);
      const before = await bare.dump();
      const report = await bare.test({}, CDC);
      expect(codesOf(report)).toEqual([
        ['list', 'TABLES_DENIED'],
        ['cdc_log_bin', 'CDC_BINLOG_OFF'],
        ['cdc_binlog_format', 'CDC_BINLOG_FORMAT'],
        ['cdc_row_image', 'CDC_ROW_IMAGE'],
        ['cdc_grants', 'CDC_GRANTS'],
      ]);
      const letter = toTheDba(report);
      const off = failuresOf(report).find(({ code }) => code === 'CDC_BINLOG_OFF');
      expect(letter?.text).toContain(`-- ${off?.fix?.command}`);
      await bare.runScript(letter);
      if (off) await bare.apply(off);
      expect(failuresOf(await bare.test({}, CDC))).toEqual([]);
      // What is in the file holds without what was set.
      await bare.server.restart();
      expect(failuresOf(await bare.test({}, CDC))).toEqual([]);
      await bare.rollBack(letter);
      for (const name of await readdir(bare.server.settingsFolder)) await rm(join(bare.server.settingsFolder, name));
      await bare.server.restart();
      await bare.server.sql("SET GLOBAL binlog_row_image = 'MINIMAL'");
      expect(await bare.dump()).toBe(before);
    });

    it('an address that was blocked', async () => {
      await bare.server.sql(`CREATE USER away@'127.0.0.%' IDENTIFIED BY '${PASSWORD}'; GRANT SELECT ON shop.* TO away@'127.0.0.%';
        SET GLOBAL max_connect_errors = 1`);
      const relay = await startRelay(bare.server.port, '127.0.0.2');
      try {
        // Who comes, hears the greeting, and leaves.
        for (let i = 0; i < 3; i += 1) {
          const stranger = connect({ port: bare.server.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
          await new Promise((resolve) => stranger.once('data', resolve).once('error', resolve));
          await new Promise((resolve) => stranger.end('garbage').once('close', resolve));
        }
        const config = { port: relay.port, username: 'away' };
        const [found] = failuresOf(await bare.test(config));
        expect(found).toMatchObject({ id: 'protocol', code: 'ADDRESS_BLOCKED', driver_code: '1129', actor: 'dba' });
        if (found) await bare.apply(found);
        expect(await bare.test(config)).toMatchObject({ ok: true });
      } finally {
        await relay.stop();
      }
    });

    it('no account at all for our address', async () => {
      await bare.server.sql("DROP USER IF EXISTS away@'127.0.0.%'");
      const before = await bare.dump();
      const relay = await startRelay(bare.server.port, '127.0.0.3');
      try {
        const report = await bare.test({ port: relay.port });
        const [found] = failuresOf(report);
        expect(found).toMatchObject({
          id: 'protocol',
          code: 'ADDRESS_NOT_PERMITTED',
          driver_code: '1130',
          actor: 'dba',
        });
        for (let i = 0; i < 2; i += 1) await bare.runScript(toTheDba(report));
        expect(await bare.test({ port: relay.port })).toMatchObject({ ok: true });
        await bare.rollBack(toTheDba(report));
        expect(await bare.dump()).toBe(before);
      } finally {
        await relay.stop();
      }
    });
  },
);
