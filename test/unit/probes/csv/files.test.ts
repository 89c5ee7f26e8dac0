import { execFileSync } from 'node:child_process';
import { chmod, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostileInputs } from '../../../support/hostile-inputs.ts';
import { inMemory } from '../../../support/in-memory.ts';
import { handOver, reachable, withoutRights } from '../../../support/unprivileged.ts';
import { type CsvLab, csvLab, failureOf, stepOf } from './lab.ts';

let lab: CsvLab;
beforeAll(async () => {
  lab = await csvLab();
});
afterAll(() => lab.close());

const SALES = 'id,customer,total,day\n1,Ada,9.5,2026-01-01\n2,"Bob, Jr",10,2026-01-02\n3,,1,2026-01-03\n';
const wide = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');

describe('a file that is read', () => {
  it.each<[string, string | Uint8Array, Record<string, unknown>, string, string, number]>([
    ['plain', SALES, {}, 'utf-8, by content', 'delimiter comma, quote ", 4 columns, with a header', 3],
    [
      'semicolons and decimal commas',
      'a;b\n1,5;2,5\n2,5;3,5',
      {},
      'utf-8, by content',
      'delimiter semicolon, quote ", 2 columns, with a header',
      2,
    ],
    ['tabs', 'a\tb\r\n1\t2\r\n', {}, 'utf-8, by content', 'delimiter tab, quote ", 2 columns, with a header', 1],
    ['no header', '1,2\n3,4\n', {}, 'utf-8, by content', 'delimiter comma, quote ", 2 columns, without a header', 2],
    [
      'a header said to be none',
      'a,b\n1,2\n',
      { header: 'no' },
      'utf-8, by content',
      'delimiter comma, quote ", 2 columns, without a header',
      2,
    ],
    [
      'apostrophes',
      "a,b\n'x,y',1\n'z',2\n",
      {},
      'utf-8, by content',
      "delimiter comma, quote ', 2 columns, with a header",
      2,
    ],
    [
      'what Excel says of itself',
      'sep=|\na|b\n1|2\n',
      {},
      'utf-8, by content',
      'delimiter pipe, quote ", 2 columns, with a header',
      1,
    ],
    [
      'a byte order mark',
      '\ufeffa,b\n1,2\n',
      { encoding: 'latin1' },
      'utf-8, by byte order mark',
      'delimiter comma, quote ", 2 columns, with a header',
      1,
    ],
    [
      'UTF-16',
      wide('a,b\né,2\n'),
      {},
      'utf-16le, by byte order mark',
      'delimiter comma, quote ", 2 columns, with a header',
      1,
    ],
    [
      'UTF-16 the other way round',
      wide('a,b\né,2\n').swap16(),
      {},
      'utf-16be, by byte order mark',
      'delimiter comma, quote ", 2 columns, with a header',
      1,
    ],
    [
      'UTF-16 without a mark',
      Buffer.from('aa,bb\n11,22\n', 'utf16le'),
      {},
      'utf-16le, by content',
      'delimiter comma, quote ", 2 columns, with a header',
      1,
    ],
    [
      'windows-1252',
      Buffer.from('a,b\ncaf\xe9,\x80\n', 'latin1'),
      {},
      'windows-1252, by content',
      'delimiter comma, quote ", 2 columns, with a header',
      1,
    ],
    ['one column', 'name\nAda\nBob', {}, 'utf-8, by content', 'delimiter comma, quote ", 1 column, with a header', 2],
    ['a header alone', 'a,b\n', {}, 'utf-8, by content', 'delimiter comma, quote ", 2 columns, with a header', 0],
    [
      'a delimiter that was given',
      'a:b\n1:2',
      { delimiter: ':', quote: 'none' },
      'utf-8, by content',
      'delimiter :, quote none, 2 columns, with a header',
      1,
    ],
  ])('%s', async (name, content, change, encoding, format, rows) => {
    const path = await lab.write(`${name}.csv`, content);
    const report = await lab.test({ path, ...change });
    expect(report, JSON.stringify(report)).toMatchObject({ ok: true, verdict: 'ok', depth: 'read', row_count: rows });
    expect(stepOf(report, 'decode')?.evidence).toBe(encoding);
    expect(stepOf(report, 'format')?.evidence).toBe(format);
    expect(stepOf(report, 'read')?.evidence).toMatch(new RegExp(`^${rows} rows in \\d+ bytes$`));
  });
});

describe('a file of another kind', () => {
  it.each([
    ['a Parquet file', 'PAR1\x15\x04\x15\x10\x15\x14L\x15\x02\x15\0\x12\0'],
    ['a bzip2 archive', 'BZh91AY&SY\x9f\xed\x04\x7a\0\0'],
    ['a bzip2 archive', 'BZh9\x17\x72\x45\x38\x50\x90\0\0\0\0'],
    ['a PDF', '%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n'],
    ['an SQLite database', 'SQLite format 3\0\x10\0\x01\x01\0'],
    ['an Avro file', 'Obj\x01\x04\x14avro.codec'],
  ])('%s', async (what, bytes) => {
    const path = await lab.write('other.csv', Buffer.from(bytes, 'latin1'));
    expect(failureOf(await lab.test({ path }))).toMatchObject({
      id: 'decode',
      code: 'FILE_NOT_CSV',
      message: `This is ${what}, not CSV`,
    });
  });

  it.each(['PAR1', 'BZh', 'BZh9', '%PDF', 'SQLite format', 'Obj'])(
    'is not what has a header that begins with %s',
    async (first) => {
      const path = await lab.write('alike.csv', `${first},b\n1,2\n`);
      expect(await lab.test({ path })).toMatchObject({ ok: true, verdict: 'ok', row_count: 1 });
    },
  );
});

describe('a file with something wrong', () => {
  const many = (row: string) => row.repeat(100_000);
  it.each<[string, string | Uint8Array, Record<string, unknown>, Record<string, unknown>]>([
    ['nothing in it', '', {}, { id: 'decode', code: 'FILE_EMPTY', fields: ['path'] }],
    ['only blank lines', '\n\n  \n', {}, { id: 'decode', code: 'FILE_EMPTY' }],
    ['gzip', gzipSync(SALES), {}, { id: 'decode', code: 'FILE_NOT_CSV', message: 'This is a gzip archive, not CSV' }],
    [
      'Excel',
      Buffer.from('PK\x03\x04\x14\x00[Content_Types].xml xl/workbook.xml', 'latin1'),
      {},
      {
        code: 'FILE_NOT_CSV',
        message: expect.stringContaining('.xlsx'),
        fix: { text: expect.stringContaining('CSV UTF-8') },
      },
    ],
    [
      'zip',
      Buffer.from('PK\x03\x04sales.csv', 'latin1'),
      {},
      { code: 'FILE_NOT_CSV', message: expect.stringContaining('zip') },
    ],
    [
      'a web page',
      '<!DOCTYPE html><html>Log in</html>',
      {},
      { code: 'FILE_NOT_CSV', message: 'This is a web page, not CSV' },
    ],
    ['JSON', '[{"a": 1}]', {}, { code: 'FILE_NOT_CSV', fix: { text: expect.stringContaining('rest_api') } }],
    ['binary data', Buffer.alloc(5000), {}, { code: 'FILE_NOT_CSV', message: 'This is binary data, not CSV' }],
    [
      'a wrong encoding',
      Buffer.from('a,b\n1,2\ncaf\xe9,3\n', 'latin1'),
      { encoding: 'utf-8' },
      { id: 'decode', code: 'CSV_ENCODING', fields: ['encoding'], message: expect.stringContaining('line 3') },
    ],
    [
      'a wrong encoding far behind',
      Buffer.from(`a,b\n${many('1,22222\n')}caf\xe9,3\n`, 'latin1'),
      {},
      { id: 'read', code: 'CSV_ENCODING', message: expect.stringContaining('line 100002') },
    ],
    [
      'an open quote',
      'a,b\n1,"2\n3,4\n',
      {},
      { id: 'format', code: 'CSV_UNCLOSED_QUOTE', fields: ['quote'], message: expect.stringContaining('line 2') },
    ],
    [
      'an open quote far behind',
      `a,b\n${many('1,22222\n')}"x,3\n${many('1,222222222222\n')}`,
      {},
      { id: 'read', code: 'CSV_UNCLOSED_QUOTE', message: expect.stringContaining('line 100002') },
    ],
    [
      'nothing but the delimiter',
      'sep=;\n',
      {},
      { id: 'format', code: 'FILE_EMPTY', fields: ['path'], message: 'The file is empty' },
    ],
    ['nothing but the delimiter, without a line end', 'sep=;', {}, { id: 'format', code: 'FILE_EMPTY' }],
    [
      'a first row longer than what is looked at',
      `${'x'.repeat(600_000)},y\n1,2\n`,
      {},
      { id: 'format', code: 'CSV_ROW_TOO_LONG', message: expect.stringMatching(/line 1 does not end within 256 KB$/) },
    ],
    [
      'a first cell in quotes longer than what is looked at',
      `"${'x'.repeat(600_000)}",y\n1,2\n`,
      {},
      {
        id: 'format',
        code: 'CSV_UNCLOSED_QUOTE',
        message: expect.stringMatching(/line 1 is not closed within 256 KB$/),
      },
    ],
    [
      'a line without end',
      `a,b\n${'x'.repeat(3_000_000)}`,
      {},
      { id: 'read', code: 'CSV_ROW_TOO_LONG', message: expect.stringContaining('line 2') },
    ],
    [
      'far too many columns',
      `${','.repeat(3000)}\n`,
      {},
      { id: 'format', code: 'CSV_TOO_WIDE', fields: ['delimiter'] },
    ],
  ])('%s', async (name, content, change, expected) => {
    const path = await lab.write(`wrong ${name}.csv`, content);
    expect(failureOf(await lab.test({ path, ...change }))).toMatchObject({ actor: 'user', ...expected });
  });

  it.each<[string, string, Record<string, unknown>, Record<string, unknown>]>([
    [
      'ragged rows',
      'a,b\n1,2\n3\n4,5,6\n',
      {},
      {
        id: 'format',
        code: 'CSV_RAGGED',
        fields: ['delimiter', 'quote'],
        message: expect.stringContaining('2 expected; line 3 has 1, line 4 has 3'),
      },
    ],
    [
      'ragged rows far behind',
      `a,b\n${many('1,22222\n')}1\n`,
      {},
      { id: 'read', code: 'CSV_RAGGED', message: expect.stringContaining('line 100002 has 1') },
    ],
    [
      'a wrong delimiter',
      'a;b;c\n1;2;3\n',
      { delimiter: ',' },
      {
        id: 'format',
        code: 'CSV_DELIMITER',
        fields: ['delimiter'],
        message: expect.stringContaining('semicolon would give 3'),
      },
    ],
    [
      'stray quotes',
      'a,b\n"x"y,1\n',
      {},
      { id: 'format', code: 'CSV_STRAY_QUOTE', fields: ['quote'], message: expect.stringContaining('line 2') },
    ],
  ])('works, and says so: %s', async (name, content, change, expected) => {
    const path = await lab.write(`odd ${name}.csv`, content);
    const report = await lab.test({ path, ...change });
    expect(report.verdict).toBe('ok_with_warnings');
    expect(report.steps.filter(({ status }) => status === 'warn')).toEqual([
      expect.objectContaining({ actor: 'user', ...expected }),
    ]);
  });
});

describe('which files', () => {
  it('none where the operator opened no folder, and says which switch it is', async () => {
    const closed = await inMemory();
    const report = (await closed.done('test_connection', {
      connector: 'csv',
      config: { path: '/etc/passwd' },
    })) as never;
    expect(failureOf(report)).toMatchObject({
      id: 'path_policy',
      code: 'FILE_REFUSED',
      fields: ['path'],
      actor: 'user',
      fix: { text: expect.stringContaining('HEADWATER_FILE_ROOTS') },
    });
    await closed.close();
  });

  it('tells nothing of what is outside', async () => {
    await writeFile(join(lab.elsewhere, 'there.csv'), SALES);
    await symlink(join(lab.elsewhere, 'there.csv'), join(lab.root, 'to-there.csv'));
    await symlink(join(lab.elsewhere, 'not-there.csv'), join(lab.root, 'to-nothing.csv'));
    await symlink('../elsewhere', join(lab.root, 'folder'));
    const paths = [
      join(lab.elsewhere, 'there.csv'),
      join(lab.elsewhere, 'not-there.csv'),
      join(lab.root, 'to-there.csv'),
      join(lab.root, 'to-nothing.csv'),
      join(lab.root, 'folder/there.csv'),
      join(lab.root, 'folder/not-there.csv'),
      `${lab.root}-beside/x.csv`,
      lab.app.settings.storeFile,
    ];
    const said = await Promise.all(
      paths.map(async (path) => {
        const { message, code, fix } = failureOf(await lab.test({ path }));
        return { message, code, fix };
      }),
    );
    expect(new Set(said.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(said[0]).toMatchObject({ code: 'FILE_REFUSED', fix: { text: expect.stringContaining(lab.root) } });
  });

  it('follows links that stay inside', async () => {
    const path = await lab.write('deep/real.csv', SALES);
    await symlink(path, join(lab.root, 'absolute.csv'));
    await symlink('deep/../deep/real.csv', join(lab.root, 'relative.csv'));
    for (const name of ['absolute.csv', 'relative.csv'])
      expect(await lab.test({ path: join(lab.root, name) })).toMatchObject({ ok: true });
  });

  it('names what is no file, and hangs on nothing', async () => {
    execFileSync('mkfifo', [join(lab.root, 'pipe')]);
    await symlink('circle', join(lab.root, 'circle'));
    const codes = await Promise.all(
      ['pipe', '.', 'circle', 'nothing.csv', 'nothing/x.csv'].map(
        async (name) => failureOf(await lab.test({ path: `${lab.root}/${name}` })).code,
      ),
    );
    expect(codes).toEqual(['FILE_NOT_REGULAR', 'FILE_NOT_REGULAR', 'FILE_REFUSED', 'FILE_NOT_FOUND', 'FILE_NOT_FOUND']);
  });

  it.runIf(reachable(tmpdir()))('none that the user it runs as may not read', async () => {
    const path = await lab.write('shut.csv', SALES);
    await chmod(dirname(lab.root), 0o755);
    await chmod(path, 0o000);
    await handOver(lab.app.settings.home);
    expect(failureOf(await withoutRights(() => lab.test({ path })))).toMatchObject({
      id: 'open',
      code: 'FILE_UNREADABLE',
      fields: ['path'],
      actor: 'user',
      message: 'shut.csv is there, and may not be read',
    });
    await chmod(path, 0o644);
    expect(await withoutRights(() => lab.test({ path }))).toMatchObject({ ok: true });
  });

  it('never the kernel’s, nor our own: whatever the roots', async () => {
    const open = await csvLab({ HEADWATER_FILE_ROOTS: '/' });
    const path = await open.write('x.csv', SALES);
    expect(await open.test({ path })).toMatchObject({ ok: true });
    await open.done('create_source', { connector: 'csv', config: { path }, name: 'X' });
    for (const shut of ['/proc/self/environ', '/dev/zero', '/sys/kernel/notes', open.app.settings.storeFile])
      expect(failureOf(await open.test({ path: shut })).code, shut).toBe('FILE_REFUSED');
    await open.close();
  });

  it.each(hostileInputs<string>('file_path').map((each) => [each.id, each] as const))(
    '%s',
    async (_, { input, expect: wanted }) => {
      await lab.write('sales.csv', SALES);
      await symlink('/etc', join(lab.root, 'link-to-etc')).catch(() => {});
      const path = input.replace(/^\/data/, lab.root);
      const { structured, error, text } = await lab.call('test_connection', { connector: 'csv', config: { path } });
      expect(text).not.toContain('root:');
      if (wanted === 'allow') expect(structured).toMatchObject({ ok: true });
      else if (structured) expect(failureOf(structured as never).code).toMatch(/^FILE_(REFUSED|NOT_FOUND)$/);
      else
        expect(error).toMatchObject({
          code: 'INVALID_CONFIG',
          fields: expect.arrayContaining([{ field: '/config/path', message: expect.any(String) }]),
        });
    },
  );
});

describe('a big file', () => {
  it('of 200 MB is counted, or said to be larger, within bounds of time and memory', async () => {
    const rows = 'id,name,value\n'.replace(/\w/g, '1').repeat(75_000);
    const path = await lab.write('big.csv', Buffer.alloc(15_000_000 * 14, rows));
    const before = process.memoryUsage().rss;
    const began = performance.now();
    const report = await lab.test({ path }, 10);
    expect(performance.now() - began).toBeLessThan(9000);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
    expect(report.ok).toBe(true);
    if (report.verdict === 'ok') expect(report.row_count).toBe(15_000_000);
    else {
      expect(stepOf(report, 'read')).toMatchObject({
        code: 'CSV_COUNT_PARTIAL',
        evidence: expect.stringMatching(/^at least/),
      });
      expect(report.row_count).toBeGreaterThan(100_000);
    }
  }, 60_000);

  it('of nothing but a hole is seen for what it is', async () => {
    const path = await lab.write('hole.csv', '');
    await truncate(path, 200 * 1024 * 1024);
    expect(failureOf(await lab.test({ path }))).toMatchObject({ code: 'FILE_NOT_CSV' });
  });

  it('that takes longer than there is time for passes with what was counted', async () => {
    const path = await lab.write('huge.csv', Buffer.alloc(300 * 1024 * 1024, 'a,b\n'));
    const report = await lab.test({ path }, 1);
    expect(report).toMatchObject({ ok: true });
    expect(report.row_count).toBeGreaterThan(1000);
  }, 60_000);
});
