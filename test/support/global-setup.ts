import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { buildIfStale } from './build.ts';
import { createAuthority } from './certificates.ts';
import { startPostgres } from './postgres.ts';
import type { SharedPostgres } from './shared-postgres.ts';
import { seedShop } from './shop.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgres: SharedPostgres;
  }
}

/** Before any test: a fresh build, and one PostgreSQL server with TLS and the shop, which all test files share. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [stop] = await Promise.all([startShared(project), buildIfStale()]);
  project.onTestsRerun(async () => void (await buildIfStale()));
  return stop;
}

async function startShared(project: TestProject): Promise<() => Promise<void>> {
  const authority = await createAuthority();
  const { certPem, keyPem } = await authority.issue({ names: ['localhost'], ips: ['127.0.0.1'] });
  const server = await startPostgres({ tls: { cert: certPem, key: keyPem } });
  const readerPassword = randomBytes(12).toString('hex');
  try {
    await seedShop(server, { readerPassword });
  } catch (error) {
    await server.stop();
    throw error;
  }
  const { host, port, user, password } = server;
  project.provide('postgres', { host, port, user, password, readerPassword, caPem: authority.certPem });
  return server.stop;
}
