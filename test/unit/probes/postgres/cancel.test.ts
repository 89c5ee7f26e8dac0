import { describe, expect, test, vi } from 'vitest';
import * as hostile from '../../../support/hostile-servers.ts';
import { type ConfigInput, createLab, expectClosed, failureOf, type LabOptions, timed } from '../lab.ts';
import { READER } from '../rows.ts';
import * as servers from '../servers.ts';

describe('cancelling ends it at once, wherever it is', () => {
  const AFTER_MS = 150;
  const at: Record<string, () => Promise<{ lab?: LabOptions; config?: ConfigInput; server?: hostile.HostileServer }>> =
    {
      'looking up the name': async () => ({
        lab: { lookup: () => new Promise(() => {}) },
        config: { host: 'db.shop.example' },
      }),
      'waiting for TLS': async () => ({ server: await hostile.startHangingServer() }),
      'in the TLS handshake': async () => ({ server: await hostile.startTlsHangingServer() }),
      'waiting for the first message': async () => ({
        server: await hostile.startHangingServer(),
        config: { tls_mode: 'disable' },
      }),
      'in the login': async () => ({
        server: await servers.startCrumblingPostgres(Buffer.from('R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0')),
      }),
    };
  test.concurrent.each(Object.keys(at))('%s', async (place) => {
    const { lab: options, config, server: hanging } = (await at[place]?.()) ?? {};
    const lab = createLab(options);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), AFTER_MS);
    const port = hanging ? { port: hanging.port } : {};
    const tested = lab.test({ ...READER, ...port, ...config }, { signal: controller.signal });
    const { value: error, ms } = await timed(failureOf(tested));
    expect(error).toMatchObject({ code: 'CANCELLED', retryable: true });
    expect(ms).toBeLessThan(AFTER_MS + 300);
    await expectClosed(lab);
    if (hanging && 'open' in hanging) await vi.waitFor(() => expect(hanging.open).toBe(0));
    await hanging?.stop();
  });

  test('before it has begun', async () => {
    const lab = createLab();
    const error = await failureOf(lab.test(READER, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ code: 'CANCELLED' });
    expect(lab.dials).toBe(0);
  });
});
