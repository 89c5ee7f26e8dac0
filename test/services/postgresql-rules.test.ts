import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { selfSigned } from '../support/certificates.ts';
import type { TestPostgres } from '../support/postgres.ts';
import { createSite, DEBIAN_BIN, RULES, type Site, startReadyServer } from '../support/postgres-sites.ts';
import { failing, handoffTo } from '../support/reports.ts';
import { ALL_SERVICES } from '../support/services.ts';

describe.skipIf(DEBIAN_BIN === undefined && !ALL_SERVICES)('PostgreSQL 15, its rules (npm run test:services)', () => {
  let server: TestPostgres;
  let site: Site;
  let rules: string;

  beforeAll(async () => {
    const { certPem: cert, keyPem: key } = await selfSigned({ names: ['localhost'] });
    server = await startReadyServer({ tls: { cert, key } });
    const [file] = await server.query<{ hba_file: string }>('SHOW hba_file');
    rules = file?.hba_file ?? '';
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    site = await createSite(server);
  });
  afterEach(() => site.drop());

  /** The administrator's own rule stays, so that there is somebody to mend things. */
  async function rule(lines: readonly string[]): Promise<void> {
    const text = ['host all postgres 127.0.0.1/32 scram-sha-256', ...lines].join('\\n');
    await site.shell(`printf '${text}\\n' > ${rules} && psql -XAtqc 'SELECT pg_reload_conf()' postgres`);
  }

  it.each([
    ['a rule that rejects', (me: string) => [`host all ${me} all reject`, ...RULES], 'disable', 'host'],
    ['no rule', () => ['host all nobody all scram-sha-256'], 'disable', 'host'],
    ['no rule, over TLS', () => ['host all nobody all scram-sha-256'], 'require', 'hostssl'],
    ['a rule for another database', (me: string) => [`host other ${me} all scram-sha-256`], 'require', 'hostssl'],
  ])('%s', async (_, lines, tls_mode, type) => {
    await rule(lines(site.name));
    const report = await site.test({ tls_mode });
    const failed = failing(report);
    // Without TLS a rule that asks for it looks the same; the user can find out alone.
    const isUsers = tls_mode === 'disable';
    expect(failed).toMatchObject({
      id: 'auth',
      code: isUsers ? 'TLS_REQUIRED' : 'HOST_NOT_PERMITTED',
      actor: isUsers ? 'user' : 'dba',
      fields: isUsers ? ['tls_mode'] : ['username', 'database'],
    });
    const told = isUsers ? failing(await site.test({ tls_mode: 'require' })) : failed;
    const line = `${isUsers ? 'hostssl' : type} "${site.name}" "${site.name}" 127.0.0.1/32 scram-sha-256`;
    expect(told?.fix?.text).toContain(line);
    await site.shell(told?.fix?.command ?? '');
    expect(await site.test({ tls_mode: 'require' })).toMatchObject({ ok: true });
    await site.shell(told?.fix?.command ?? '');
    const written = await readFile(rules, 'utf8');
    expect(written.split(line)).toHaveLength(2);
    expect(written.startsWith(line)).toBe(true);
  });

  it('the letter to the administrator holds the command', async () => {
    await rule([`host all ${site.name} all reject`]);
    const report = await site.test({ tls_mode: 'require' });
    expect(handoffTo(report, 'dba')).toContain(failing(report)?.fix?.command);
  });

  it('a rule for TLS alone is met by tls_mode', async () => {
    await rule([`hostssl all ${site.name} all scram-sha-256`]);
    expect(failing(await site.test())).toMatchObject({ code: 'TLS_REQUIRED', actor: 'user', fields: ['tls_mode'] });
    expect(await site.test({ tls_mode: 'require' })).toMatchObject({ ok: true, depth: 'cdc' });
  });

  it('a rule against physical replication does not meet the sessions that changes are read through', async () => {
    await rule([`host replication ${site.name} all reject`, ...RULES]);
    const { steps } = await site.test();
    expect(steps.find(({ id }) => id === 'cdc_session')).toMatchObject({ status: 'pass' });
  });
});
