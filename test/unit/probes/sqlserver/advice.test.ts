import { beforeAll, expect, test } from 'vitest';
import { sqlserver } from '../../../../src/connectors/databases/sqlserver.ts';
import type { SyncAdvice } from '../../../../src/probes/probe.ts';
import { type Certificate, selfSigned } from '../../../support/certificates.ts';
import { answerOf, type Model, type ModelTable, shopModel } from '../../../support/sqlserver-model.ts';
import { createLab, expectClosed } from '../lab.ts';
import { PASSWORD, startShop } from './rows.ts';

let certificate: Certificate;
beforeAll(async () => {
  certificate = await selfSigned({ names: ['localhost'] });
});

const time = (name: string, nullable = false) => ({ name, type: 'datetime2', length: 8, scale: 3, nullable });
const id = { name: 'id', type: 'int', identity: true };

const CUSTOMERS: ModelTable = {
  schema: 'dbo',
  name: 'customers',
  keys: ['id'],
  tracked: true,
  columns: [id, { name: 'email', type: 'nvarchar', length: 80 }, time('CreatedDate'), time('ModifiedDate')],
  rows: [['1', 'a', '2026', '2026']],
  indexes: [
    { name: 'UQ_email', unique: true, columns: ['region', 'email'] },
    { name: 'IX_change', columns: ['ModifiedDate', 'id'] },
    { name: 'IX_other', columns: ['id', 'CreatedDate'] },
  ],
};

async function adviceFor(tables: readonly ModelTable[], change: Partial<Model> = {}, names?: readonly string[]) {
  const model = shopModel({ tables: [...tables], ...change });
  const statements: string[] = [];
  const answer = answerOf(model);
  const server = await startShop(model, {
    certificate,
    answer: (statement, login) => {
      statements.push(statement);
      return answer(statement, login);
    },
  });
  const lab = createLab({ connector: sqlserver });
  const reader = { host: '127.0.0.1', port: server.port, database: 'shop', username: 'reader', password: PASSWORD };
  const streams = (names ?? tables.map(({ name }) => name)).map((name) => ({ namespace: 'dbo', name }));
  try {
    const advices = await lab.read(reader, async (session) => (await session.advise?.(streams)) ?? []);
    await expectClosed(lab);
    return { advices: advices as readonly (SyncAdvice | undefined)[], statements };
  } finally {
    await server.stop();
  }
}

test.concurrent('a table with keys and the time of its last change', async () => {
  const { advices } = await adviceFor([CUSTOMERS]);
  expect(advices).toEqual([
    {
      keys: [['id'], ['region', 'email']],
      cursors: [
        {
          column: 'ModifiedDate',
          type: 'datetime2(3)',
          index: 'IX_change',
          why: 'by its name the time of the last change',
        },
        {
          column: 'id',
          type: 'int',
          index: 'PK_customers',
          why: 'grows with every new row; later changes are not seen',
        },
        {
          column: 'CreatedDate',
          type: 'datetime2(3)',
          why: 'by its name the time a row was made; later changes are not seen',
        },
      ],
      row_estimate: 1,
      bytes: 73_728,
      cdc: { possible: true },
      suggested: 'cdc',
      because: 'All its changes can be captured, deletes too.',
    },
  ]);
});

test.concurrent('a row version is the best cursor, and a time that may be NULL is worth less', async () => {
  const version = { name: 'v', type: 'RowStamp', base: 'timestamp', length: 8 };
  const columns = [time('updated_at', true), time('last_update'), version];
  const { advices } = await adviceFor([{ schema: 'dbo', name: 't', keys: ['a'], columns }], { cdc: false });
  expect(advices[0]).toMatchObject({
    cursors: [
      { column: 'v', why: 'set by the server with every change; read it up to MIN_ACTIVE_ROWVERSION()' },
      { column: 'last_update' },
      { column: 'updated_at', why: expect.stringMatching(/; rows where it is NULL are missed$/) },
    ],
    cdc: { possible: false, why: 'change data capture is not turned on for the database' },
    suggested: 'cursor',
    because: 'v tells new and changed rows; deletes are not seen.',
  });
});

test.concurrent('whether changes can be captured, and what to mind', async () => {
  const { advices } = await adviceFor([
    { schema: 'dbo', name: 'new', keys: ['id'] },
    { schema: 'dbo', name: 'keyless', tracked: true },
    { schema: 'dbo', name: 'hot', keys: ['id'], storage: 'memory' },
    { schema: 'dbo', name: 'wide', storage: 'columnstore' },
    { schema: 'dbo', name: 'v', kind: 'V' },
  ]);
  expect(advices).toMatchObject([
    {
      cdc: { possible: true, why: 'this table is not captured yet (sys.sp_cdc_enable_table)' },
      suggested: 'cdc',
    },
    { cdc: { possible: true, why: expect.stringMatching(/^without a key/) }, suggested: 'full', keys: [] },
    { cdc: { possible: false, why: 'it is memory-optimized' } },
    { cdc: { possible: false, why: 'it is a clustered columnstore' } },
    { cdc: { possible: false, why: 'it is a view' }, suggested: 'full' },
  ]);
  expect(advices[4]).not.toHaveProperty('bytes');
  expect(advices[4]).not.toHaveProperty('row_estimate');
});

test.concurrent.each([
  [{ engine: 4, edition: 'Express Edition (64-bit)' }, 'Express Edition (64-bit) has no change data capture'],
  [{ engine: 5, edition: 'SQL Azure', tier: 'S1' }, 'S1 has no change data capture'],
])('an edition or a tier without it: %o', async (change, why) => {
  const { advices } = await adviceFor([CUSTOMERS], change);
  expect(advices[0]).toMatchObject({ cdc: { possible: false, why }, suggested: 'cursor' });
});

test.concurrent('sizes that are refused are left out', async () => {
  const { advices } = await adviceFor([CUSTOMERS], { sizes: false });
  expect(advices[0]).toMatchObject({ suggested: 'cdc' });
  expect(advices[0]).not.toHaveProperty('bytes');
  expect(advices[0]).not.toHaveProperty('row_estimate');
});

test.concurrent('odd names are quoted, and shown clean', async () => {
  const name = "o]dd' n";
  const odd = { schema: 'dbo', name, keys: [`key_${PASSWORD}`], columns: [time(`updated_${PASSWORD}`)] };
  const { advices } = await adviceFor([odd]);
  expect(advices[0]).toMatchObject({ keys: [['key_[secret]']], cursors: [{ column: 'updated_[secret]' }] });
});

test.concurrent('of the given tables alone, in four questions whatever there is', async () => {
  const many = Array.from({ length: 300 }, (_, i) => ({ schema: 'dbo', name: `t${i}`, keys: ['id'] }));
  const { advices, statements } = await adviceFor(many, {}, ['t299', 'nowhere', 't0']);
  expect(advices).toMatchObject([{ keys: [['id']] }, undefined, { keys: [['id']] }]);
  expect(advices[1]).toBeUndefined();
  const asked = statements.filter((statement) => statement.includes('w(at, id)'));
  expect(asked).toHaveLength(4);
  for (const each of asked) expect(each).not.toContain('t298');
});
