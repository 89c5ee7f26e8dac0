import { beforeAll, describe, expect, test } from 'vitest';
import { sqlserver } from '../../../../src/connectors/databases/sqlserver.ts';
import type { ReadSession } from '../../../../src/probes/probe.ts';
import { type Certificate, selfSigned } from '../../../support/certificates.ts';
import { type Model, shopModel } from '../../../support/sqlserver-model.ts';
import { createLab, expectClosed } from '../lab.ts';
import { PASSWORD, startShop } from './rows.ts';

let certificate: Certificate;
beforeAll(async () => {
  certificate = await selfSigned({ names: ['localhost'] });
});

async function read<T>(model: Model, work: (session: ReadSession) => Promise<T>, config = {}): Promise<T> {
  const server = await startShop(model, { certificate });
  const lab = createLab({ connector: sqlserver });
  const reader = { host: '127.0.0.1', port: server.port, database: 'shop', username: 'reader', password: PASSWORD };
  try {
    const result = await lab.read({ ...reader, ...config }, work);
    await expectClosed(lab);
    return result;
  } finally {
    await server.stop();
  }
}

describe('discovery', () => {
  test.concurrent('pages of names, with keys and estimates', async () => {
    const first = await read(shopModel(), ({ discover }) => discover({ limit: 2 }));
    expect(first).toEqual({
      streams: [
        { namespace: 'dbo', name: 'customers', kind: 'table', row_estimate: 0, keys: ['region', 'id'] },
        { namespace: 'dbo', name: 'orders', kind: 'table', row_estimate: 3, keys: ['id'] },
      ],
      next: { namespace: 'dbo', name: 'orders' },
    });
    const after = first.next;
    const second = await read(shopModel(), ({ discover }) => discover({ limit: 2, ...(after ? { after } : {}) }));
    expect(second).toEqual({ streams: [{ namespace: 'dbo', name: 'recent_orders', kind: 'view' }] });
  });

  test.concurrent('part of a name, whose signs are no pattern', async () => {
    const found = async (query: string) =>
      (await read(shopModel(), ({ discover }) => discover({ query, limit: 9 }))).streams.map(({ name }) => name);
    expect(await found('ORDERS')).toEqual(['orders', 'recent_orders']);
    expect(await found('%[_]')).toEqual([]);
  });

  test.concurrent('one stream with its columns', async () => {
    const { streams } = await read(shopModel(), ({ discover }) => discover({ stream: 'dbo.orders', limit: 1 }));
    expect(streams[0]?.columns).toEqual([
      { name: 'id', type: 'int', nullable: false },
      { name: 'note', type: 'nvarchar(200)', nullable: true },
      { name: 'total', type: 'decimal(10,2)', nullable: false },
      { name: 'placed_at', type: 'datetime2(7)', nullable: false },
      { name: 'paid', type: 'bit', nullable: false },
    ]);
    expect((await read(shopModel(), ({ discover }) => discover({ stream: 'dbo.nothing', limit: 1 }))).streams).toEqual(
      [],
    );
  });
});

describe('preview', () => {
  test.concurrent('rows by their columns, in the types that JSON has', async () => {
    const preview = await read(shopModel(), (session) => session.preview('dbo.orders', 2));
    expect(preview).toMatchObject({
      truncated: true,
      rows: [
        { id: 1, note: 'first', total: '10.50', placed_at: '2026-01-02T03:04:05', paid: true },
        { id: 2, note: null, total: '99999999.99', placed_at: '2026-01-03T03:04:05', paid: false },
      ],
    });
  });

  test.concurrent('a secret in a row is not shown', async () => {
    const [orders] = shopModel().tables;
    const rows = [['1', `it is ${PASSWORD}!`, '1', '2026', '1']];
    const model = shopModel({ tables: orders ? [{ ...orders, rows }] : [] });
    const preview = await read(model, (session) => session.preview('dbo.orders', 5));
    expect(preview?.rows[0]?.['note']).toBe('it is [secret]!');
  });

  test.concurrent('no stream of that name', async () => {
    expect(await read(shopModel(), (session) => session.preview('dbo.nothing', 5))).toBeUndefined();
  });
});
