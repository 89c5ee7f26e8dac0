import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../../../support/api-server.ts';
import { type CsvLab, csvLab } from './lab.ts';

const SALES = 'id,name,total,day,vip,name,\n1,Ada,9.5,2026-01-01,true,x,\n2,"Bob\u202e",10,2026-01-02,false,y,z\n';

let lab: CsvLab;
let server: ApiServer;
beforeAll(async () => {
  lab = await csvLab({ HEADWATER_SECRET_API: 'canary-token-4711' });
  server = await startApi((_, response) => response.writeHead(200, { 'content-type': 'text/csv' }).end('a\n1\n2\n3\n'));
});
afterAll(async () => {
  await server.stop();
  await lab.close();
});

interface Shown {
  id: string;
  config: Record<string, unknown>;
  last_error: string | null;
  last_tested_at: string;
  last_sync_at?: string;
  last_sync_row_count?: number;
}

const sourceOf = (answer: Record<string, unknown>) => answer['source'] as Shown;

describe('the first rows', () => {
  const previewed = async (config: Record<string, unknown>, name: string) => {
    const source = sourceOf(await lab.done('create_source', { connector: 'csv', config, name }));
    const { streams } = (await lab.done('discover_source', { source_id: source.id })) as {
      streams: { name: string }[];
    };
    const answer = await lab.call('preview_source', { source_id: source.id, stream: streams[0]?.name });
    expect(answer.text.length).toBeLessThan(100_000);
    return answer.structured;
  };
  const LONG = `id,text,last\n1,${'x'.repeat(600_000)},behind\n2,y,z\n`;

  it('have a long value cut, and what is behind it', async () => {
    const path = await lab.write('longcell.csv', LONG);
    expect(await previewed({ path }, 'long cell')).toMatchObject({
      rows: [
        { id: '1', text: expect.stringMatching(/^x{199}…$/), last: 'behind' },
        { id: '2', text: 'y', last: 'z' },
      ],
    });
  });

  it('so, too, from an address', async () => {
    const far = await startApi((_, response) => response.writeHead(200, { 'content-type': 'text/csv' }).end(LONG));
    expect(await previewed({ url: `${far.url}/long.csv` }, 'long, far')).toMatchObject({
      rows: [{ last: 'behind' }, {}],
    });
    await far.stop();
  });

  it('end before a row that never does', async () => {
    const path = await lab.write('endless.csv', `a,b\n1,2\n3,4\n${'x'.repeat(8_000_000)}`);
    const source = sourceOf(
      await lab.done('create_source', { connector: 'csv', config: { path }, name: 'endless', run_test: false }),
    );
    expect(await lab.done('preview_source', { source_id: source.id, stream: 'endless.csv' })).toMatchObject({
      rows: [{ a: '1' }, { a: '3' }],
      truncated: true,
    });
  });

  it('of two thousand columns are shown by the first two hundred', async () => {
    const row = (of: string) => Array.from({ length: 2000 }, (_, i) => `${of}${i}`).join(',');
    const path = await lab.write('wide.csv', `${row('column ')}\n${row('v'.repeat(150))}\n`);
    const shown = await previewed({ path }, 'wide');
    expect(shown).toMatchObject({ truncated: true, rows: [{ 'column 0': expect.stringMatching(/^v+/) }] });
    expect((shown as { columns: unknown[] }).columns).toHaveLength(200);
  });
});

describe('the life of a CSV source', () => {
  it('is created, counted, discovered, previewed, tested again and moved', async () => {
    const path = await lab.write('sales.csv', SALES);
    const created = await lab.done('create_source', { connector: 'tsv', config: { path }, name: 'Sales' });
    const source = sourceOf(created);
    expect(created['report']).toMatchObject({ ok: true, row_count: 2 });
    expect(source).toMatchObject({ last_sync_row_count: 2, last_sync_at: source.last_tested_at });
    const id = { source_id: source.id };

    expect(await lab.done('discover_source', id)).toMatchObject({
      streams: [{ namespace: 'file', name: 'sales.csv', kind: 'file', row_estimate: 2 }],
    });
    expect(await lab.done('discover_source', { ...id, stream: 'file.sales.csv' })).toMatchObject({
      streams: [
        {
          columns: [
            { name: 'id', type: 'integer', nullable: false },
            { name: 'name', type: 'string', nullable: false },
            { name: 'total', type: 'number', nullable: false },
            { name: 'day', type: 'date', nullable: false },
            { name: 'vip', type: 'boolean', nullable: false },
            { name: 'name_2', type: 'string', nullable: false },
            { name: 'column_7', type: 'string', nullable: true },
          ],
        },
      ],
    });
    const preview = await lab.done('preview_source', { ...id, stream: 'sales.csv', limit: 1 });
    expect(preview).toMatchObject({ rows: [{ id: '1', name: 'Ada', column_7: null }], truncated: true });
    const all = await lab.done('preview_source', { ...id, stream: 'sales.csv' });
    expect(all).toMatchObject({ rows: [{}, { name: 'Bob', column_7: 'z' }], truncated: false });
    expect((await lab.call('preview_source', { ...id, stream: 'other.csv' })).error.code).toBe('STREAM_NOT_FOUND');

    await lab.write('sales.csv', `${SALES}3,Cy,1,2026-01-03,true,z,\n`);
    expect(await lab.done('test_connection', id)).toMatchObject({ ok: true, row_count: 3 });
    const again = sourceOf(await lab.done('get_source', id));
    expect(again).toMatchObject({ last_sync_row_count: 3, last_sync_at: again.last_tested_at });

    await lab.write('sales.csv', '');
    expect(await lab.done('test_connection', id)).toMatchObject({ ok: false });
    expect(sourceOf(await lab.done('get_source', id))).toMatchObject({
      status: 'Broken',
      last_error: expect.stringContaining('empty'),
      last_sync_row_count: 3,
      last_sync_at: again.last_sync_at,
    });

    const auth = { method: 'bearer', token: '${env:HEADWATER_SECRET_API}' };
    const moved = sourceOf(await lab.done('update_source', { ...id, config: { url: `${server.url}/a.csv`, auth } }));
    expect(moved).toMatchObject({ last_sync_row_count: 3, last_error: null, config: { url: `${server.url}/a.csv` } });
    expect(moved.config).not.toHaveProperty('path');
    expect(server.requests[0]?.headers.authorization).toBe('Bearer canary-token-4711');

    const refused = await lab.call('update_source', { ...id, config: { url: 'https://evil.example.com/a.csv' } });
    expect(refused.error.code).toBe('CREDENTIALS_REQUIRED');

    const back = sourceOf(await lab.done('update_source', { ...id, config: { path }, run_test: false }));
    expect(back.config).toEqual({ path, auth: { method: 'none' } });
    // Nobody has counted this one.
    expect(back).not.toHaveProperty('last_sync_row_count');
  });

  it('stores nothing where the test fails', async () => {
    const answer = await lab.call('create_source', {
      connector: 'csv',
      config: { path: `${lab.root}/none.csv` },
      name: 'None',
    });
    expect(answer.error).toMatchObject({ code: 'TEST_FAILED', message: expect.stringContaining('no file none.csv') });
  });
});

describe('the config', () => {
  it.each<[string, Record<string, unknown>, { field: string; message: unknown }]>([
    ['neither', {}, { field: '/config/path', message: expect.stringMatching(/required, or url/) }],
    [
      'both',
      { path: '/data/x.csv', url: 'https://example.com/x.csv' },
      { field: '/config/url', message: expect.stringMatching(/cannot go with path/) },
    ],
    [
      'credentials for a file',
      { path: '/data/x.csv', auth: { method: 'bearer', token: 'x' } },
      { field: '/config/auth', message: 'does not go with path' },
    ],
    ['a pattern', { path: '/data/*.csv' }, { field: '/config/path', message: expect.stringMatching(/patterns/) }],
    [
      'a delimiter of two',
      { path: '/data/x.csv', delimiter: '||' },
      { field: '/config/delimiter', message: expect.stringMatching(/one ASCII/) },
    ],
    [
      'a delimiter of none',
      { path: '/data/x.csv', delimiter: '\n' },
      { field: '/config/delimiter', message: expect.any(String) },
    ],
    [
      'an encoding nobody knows',
      { path: '/data/x.csv', encoding: 'ebcdic' },
      { field: '/config/encoding', message: expect.any(String) },
    ],
  ])('refuses %s', async (_, config, field) => {
    const { error } = await lab.call('test_connection', { connector: 'csv', config });
    expect(error).toMatchObject({ code: 'INVALID_CONFIG', fields: [field] });
  });
});
