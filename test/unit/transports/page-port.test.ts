import { expect, it } from 'vitest';
import { listenForPages } from '../../../src/transports/pages/loopback.ts';
import { freePort } from '../../support/ports.ts';

it('pages are at the port that is wanted, and at another where that is taken', async () => {
  const port = await freePort();
  const first = await listenForPages(async () => {}, port);
  const second = await listenForPages(async () => {}, port);
  try {
    expect(new URL(first.url('x')).port).toBe(String(port));
    expect(new URL(second.url('x')).port).not.toBe(String(port));
  } finally {
    first.close();
    second.close();
  }
});
