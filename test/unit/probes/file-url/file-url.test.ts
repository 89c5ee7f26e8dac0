import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findConnector } from '../../../../src/connectors/search.ts';
import { CONNECTORS } from '../../../../src/platforms/camelai/catalog/index.ts';
import { kindByName, seenAs } from '../../../../src/probes/file-url/kinds.ts';
import { type ApiServer, startApi } from '../../../support/api-server.ts';
import { createLab, type LabOptions } from '../lab.ts';

const connector = findConnector(CONNECTORS, 'file');
let web: ApiServer;
beforeAll(async () => {
  web = await startApi((request, response) => {
    const path = request.url ?? '';
    if (path === '/slow.csv') response.write('');
    else if (path === '/large.csv') response.end('a,b\n'.repeat(500_000));
    else if (path === '/utf16.csv') response.end(Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'));
    else if (path === '/gone.csv') response.writeHead(302, { location: 'http://169.254.169.254/x.csv' }).end();
    else response.writeHead(403, { 'content-type': 'application/xml' }).end(`<Error><Key>${path}</Key></Error>`);
  });
});
afterAll(() => web.stop());

const tested = async (url: string, filename = 'a.csv', options: LabOptions = {}) => {
  const lab = await createLab({ connector, ...options });
  return await lab.test({ file_urls: [{ url, filename }] }, { timeoutS: 3 });
};
const failure = async (...args: Parameters<typeof tested>) => {
  const { steps } = await tested(...args);
  const { code, fields, actor } = steps.find(({ status }) => status === 'fail') ?? {};
  return { code, fields, actor };
};

describe('a file behind a link', () => {
  it('is read as far as its beginning', async () => {
    const report = await tested(`${web.url}/large.csv`);
    expect(report).toMatchObject({ ok: true, depth: 'read' });
    expect((await tested(`${web.url}/utf16.csv`)).ok).toBe(true);
  });

  const fields = ['file_urls/0'];
  it.each([
    ['nobody answers', () => 'http://127.0.0.1:48123/a.csv', { code: 'TCP_REFUSED', fields, actor: 'user' }],
    [
      'no host has the name',
      () => 'http://nowhere.example.com/a.csv',
      { code: 'DNS_NOT_FOUND', fields, actor: 'user' },
    ],
    ['it is not permitted', () => `${web.url}/private.csv`, { code: 'API_AUTH_MISSING', fields, actor: 'user' }],
    ['it never comes', () => `${web.url}/slow.csv`, { fields }],
    ['it leads to the metadata of a cloud', () => `${web.url}/gone.csv`, { code: 'REDIRECT_REFUSED', fields }],
  ])('fails where %s', async (_, url, expected) => {
    const names = { 'nowhere.example.com': [] };
    expect(await failure(url(), 'a.csv', { names })).toMatchObject(expected);
  });

  it('is not fetched from where Headwater may not go', async () => {
    const before = web.requests.length;
    expect(await failure(`${web.url}/large.csv`, 'a.csv', { egress: 'public_only' })).toMatchObject({
      code: 'HOST_REFUSED',
      fields,
    });
    expect(web.requests.length).toBe(before);
  });
});

describe('kinds', () => {
  it.each([
    ['a.CSV', 'csv'],
    ['a.b.tsv', 'tsv'],
    ['a.db', 'sqlite'],
    ['a.sqlite3', 'sqlite'],
    ['a.constructor', undefined],
    ['csv', undefined],
  ])('%s is %s by its name', (name, kind) => {
    expect(kindByName(name)).toBe(kind);
  });

  it('are told by how they begin', () => {
    const hex = (text: string) => Buffer.from(text, 'hex');
    expect(seenAs('xls', hex('d0cf11e0a1b11ae1'))).toEqual({ is: true });
    expect(seenAs('xlsx', hex('d0cf11e0a1b11ae1'))).toEqual({ is: false, instead: 'an old Excel workbook (.xls)' });
    expect(seenAs('xls', hex('504b0304aaaa'))).toMatchObject({ is: false });
    expect(seenAs('parquet', Buffer.from('a,b\n1,2'))).toEqual({ is: false, instead: 'something else' });
    expect(seenAs('csv', hex('504152311502'))).toEqual({ is: false, instead: 'a Parquet file' });
  });
});
