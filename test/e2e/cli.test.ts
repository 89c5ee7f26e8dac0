import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { hasTerminal, headwater, jsonOf, onTerminal, WRONG_PASSWORD } from '../support/headwater.ts';
import { projectRoot } from '../support/root.ts';

const { version } = JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8')) as { version: string };

describe('help and version', () => {
  it.each([[['--help']], [['help']], [['-h']]])('%j lists every command', async (args) => {
    const { code, stdout, stderr } = await headwater(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['stdio', 'catalog', 'schema', 'test', 'sources', 'doctor']) {
      expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
    }
  });

  it.each(['stdio', 'catalog', 'schema', 'test', 'sources', 'doctor'])('%s explains itself', async (name) => {
    const asked = await headwater(['help', name]);
    expect(asked.stdout).toMatch(new RegExp(`^Usage  headwater ${name} `));
    expect(asked.stdout).toContain('Examples');
    expect(asked.code).toBe(0);
    expect(await headwater([name, '--help'])).toEqual(asked);
  });

  it('shows every option of test', async () => {
    const { stdout } = await headwater(['test', '--help']);
    for (const part of ['CONNECTOR', '--config FILE|-', '--check cdc', '--timeout SECONDS', '--platform', '--json']) {
      expect(stdout).toContain(part);
    }
  });

  it.each([[['--version']], [['-V']], [['test', '--version']]])('%j says the version', async (args) => {
    expect(await headwater(args)).toEqual({ code: 0, stdout: version, stderr: '' });
  });
});

describe('usage errors', () => {
  it.each([
    [['tets'], 'Did you mean test?'],
    [['help', 'tets'], 'Did you mean test?'],
    [['--jsno'], 'Did you mean --json?'],
    [['catalog', '--categry', 'database'], 'Did you mean --category?'],
    [['catalog', '--category', 'databse'], 'Did you mean database?'],
    [['schema'], 'CONNECTOR is missing.'],
    [['test', 'pg'], '--config FILE|- is missing.'],
    [['test', 'pg', '--config', '/nowhere.json'], '/nowhere.json does not exist.'],
    [['sources', '--cursor', 'made up'], 'This cursor is not one that the list gave out.'],
    [['sources', 'extra'], '"extra" is one argument too many.'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await headwater(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^headwater: /);
    expect(stderr).toContain(message);
  });

  it('are one document with --json', async () => {
    const ran = await headwater(['test', 'pg', '--json']);
    expect(ran).toMatchObject({ code: 2, stderr: '' });
    expect(jsonOf(ran)).toMatchObject({ error: { code: 'INVALID_ARGUMENTS', retryable: false } });
  });

  it('of a config never quote it', async () => {
    const broken = `{"password": "${WRONG_PASSWORD}",}`;
    const ran = await headwater(['test', 'pg', '--config', '-'], { input: broken });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(/is not JSON: line 1, column \d+/);
    expect(await headwater(['test', 'pg', '--config', broken])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('settings', () => {
  it.each([[[]], [['stdio']], [['catalog']], [['doctor']]])('a wrong one stops headwater %j', async (args) => {
    const wrong = await headwater(args, { env: { HEADWATER_EGRESS: 'everything' } });
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toMatch(/^headwater: HEADWATER_EGRESS: .*\n$/);
    const misspelt = await headwater(args, { env: { HEADWATER_EGRES: 'public_only' } });
    expect(misspelt).toMatchObject({ code: 2, stdout: '' });
    expect(misspelt.stderr).toBe('headwater: HEADWATER_EGRES is not a setting; did you mean HEADWATER_EGRESS?\n');
  });
});

describe('catalog', () => {
  it('shows connectors as a table, and as list_connectors answers', async () => {
    const table = await headwater(['catalog', 'postgre', 'sql']);
    expect(table.stdout).toMatch(/^Connector +Name +Category/);
    expect(table.stdout).toMatch(/^postgresql +PostgreSQL +database/m);
    const ran = await headwater(['catalog', 'supabase', '--capability', 'cdc_check', '--json']);
    expect(jsonOf(ran)).toMatchObject({ total: 1, connectors: [{ code: 'postgresql', platforms: ['local'] }] });
  });

  it('says so where nothing matches', async () => {
    expect(await headwater(['catalog', 'nothing-like-it'])).toMatchObject({
      code: 0,
      stdout: 'No connector matches "nothing-like-it". `headwater catalog` lists all.',
    });
  });

  it('goes on in peace where nobody reads', async () => {
    const child = spawn(process.execPath, [join(projectRoot, 'dist', 'cli.js'), 'schema', 'pg'], {
      env: { PATH: process.env['PATH'] },
    });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(stderr).toBe('');
  });
});

describe('schema', () => {
  it('shows the fields, what to prepare, and an example that is valid JSON', async () => {
    const { code, stdout } = await headwater(['schema', 'pg']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Field +Needed +Default +Kind +Description$/m);
    expect(stdout).toMatch(/^host +yes +text +\S/m);
    expect(stdout).toMatch(/^port +5432 +number +\S/m);
    expect(stdout).toMatch(/^password +secret +\S/m);
    expect(stdout).not.toMatch(/^tls_ca /m);
    expect(stdout).toContain('GRANT CONNECT');
    const example = /^\{$[\s\S]*?^\}$/m.exec(stdout)?.[0] ?? '';
    expect(JSON.parse(example)).toMatchObject({ password: '${env:HEADWATER_SECRET_DB}' });
  });

  it('shows all fields with --full', async () => {
    expect((await headwater(['schema', 'pg', '--full'])).stdout).toMatch(/^tls_ca /m);
  });

  it('is the JSON Schema with --json', async () => {
    expect(jsonOf(await headwater(['schema', 'postgres', '--json']))).toMatchObject({
      connector: 'postgresql',
      schema: { type: 'object', properties: { port: { default: 5432 } } },
      secret_fields: expect.arrayContaining(['/password', '/tls_key', '/connection_string']),
    });
  });

  it('fails for a connector that is not there, with the one that is meant', async () => {
    const ran = await headwater(['schema', 'postgress']);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('Did you mean postgresql (PostgreSQL)?');
    expect(jsonOf(await headwater(['schema', 'postgress', '--json']))).toMatchObject({
      error: { code: 'CONNECTOR_NOT_FOUND' },
    });
  });
});

describe.skipIf(!hasTerminal)('on a terminal', () => {
  it('colours, and fits the width', () => {
    const shown = onTerminal('schema pg');
    expect(shown).toContain('\u001b[1mPostgreSQL\u001b[22m');
    const [, table = ''] = stripVTControlCharacters(shown)
      .replaceAll('\r', '')
      .split(/^(?=Field)/m);
    const lines = table.slice(0, table.indexOf('\n\n')).split('\n');
    expect(lines.length).toBeGreaterThan(10);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  it('leaves colours out where they are not wanted', () => {
    expect(onTerminal('schema pg', { NO_COLOR: '1' })).not.toContain('\u001b');
  });
});
