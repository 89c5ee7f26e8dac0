import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as hostile from '../../support/hostile-servers.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { sharedPostgres } from '../../support/shared-postgres.ts';
import {
  type ConfigInput,
  createLab,
  dnsError,
  type Expected,
  expectClosed,
  expectFailure,
  failureOf,
  type LabOptions,
  timed,
} from './lab.ts';
import * as servers from './servers.ts';

test('explore', async () => {
  const server = sharedPostgres();
  const base = {
    host: server.host,
    port: server.port,
    database: 'shop',
    username: 'shop_reader',
    password: server.readerPassword,
  };
  const rows: Record<string, () => Promise<unknown>> = {};
  const out: string[] = [];
  const run = async (name: string, config: ConfigInput, o: LabOptions = {}, t = {}) => {
    (await import('node:fs')).appendFileSync('/tmp/hw/log', `${name}\n`);
    const lab = createLab(o);
    const { value, ms } = await timed(lab.test({ ...base, ...config }, t).catch((e) => e));
    out.push(`${name} ${ms.toFixed(0)} ${value.headline ?? value}`);
    for (const s of value.steps ?? [])
      if (s.status !== 'skip' || s.because !== value.steps.find((x: any) => x.status === 'fail')?.id)
        out.push('    ' + JSON.stringify(s));
  };
  await run('ok', {});
  await run('cdc', {}, {}, { checks: ['cdc'] });
  await run('nx', { host: 'x.example.com' }, { names: {} });
  await run('closed', { port: await hostile.closedPort() });
  await run('user', { username: 'nobody' });
  await run('pw', { password: 'nobody' });
  const { password: _, ...nopw } = base;
  await run('db', { database: 'nobody' });
  await run('template0', { database: 'template0' });
  await run('norights', { username: 'shop_norights' });
  await run('nologin', { username: 'shop_nologin' });
  await run('schema', { schemas: ['public', 'nope'] });
  await run('vf', { tls_mode: 'verify-full' });
  await run('vf ca', { tls_mode: 'verify-full', tls_ca: server.caPem });
  await run('badca', {
    tls_mode: 'verify-full',
    tls_ca: '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----',
  });
  await run('badca2', { tls_mode: 'verify-full', tls_ca: '-----BEGIN CERTIFICATE-----' });
  for (const mode of ['prefer', 'disable', 'require']) {
    for (const [n, s] of Object.entries({
      http: hostile.startHttpServer,
      closing: hostile.startClosingServer,
      reset: hostile.startResettingServer,
      garbage: hostile.startGarbageServer,
      drip: hostile.startDrippingServer,
      tlsonly: () => hostile.startTlsOnlyServer(),
      refuse: hostile.startTlsRefusingServer,
      tlshang: hostile.startTlsHangingServer,
      tlsgarbage: hostile.startTlsGarbageServer,
      hang: hostile.startHangingServer,
      ssh: () => servers.startGreetingServer('SSH-2.0-OpenSSH_9.2p1\r\n'),
      my78: () => servers.startGreetingServer(servers.mysqlGreeting(78)),
      my82: () => servers.startGreetingServer(servers.mysqlGreeting(82)),
      my74: () => servers.startGreetingServer(servers.mysqlGreeting(74)),
      redis: () => servers.startLineServer('-ERR unknown command\r\n'),
    })) {
      const srv = await s();
      await run(`${mode} ${n}`, { port: srv.port, tls_mode: mode }, {}, { timeoutS: n === 'redis' ? 3 : 1 });
      await vi.waitFor(() => expect(srv.open).toBe(0));
      await srv.stop();
    }
  }
  console.log(out.join('\n'));
}, 100000);
