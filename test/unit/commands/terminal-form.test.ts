import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Asker } from '../../../src/commands/asker.ts';
import { fillIn } from '../../../src/commands/credentials.ts';
import { askFields, headLines, problemLines } from '../../../src/commands/terminal-form.ts';
import type { CredentialForm, FormField } from '../../../src/sources/credential-form.ts';
import { LOCAL_PRINCIPAL } from '../../../src/sources/principal.ts';
import { shopConfig, WRONG_PASSWORD } from '../../support/headwater.ts';
import { type InMemory, inMemory } from '../../support/in-memory.ts';
import { sharedPostgres } from '../../support/shared-postgres.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';
import { fakeTerminal } from './fake-terminal.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder('terminal-form');
});
afterAll(() => folder.remove());

const field = (path: string, facts: Partial<FormField> = {}): FormField => ({
  path,
  title: path.toUpperCase(),
  description: '',
  secret: false,
  multiline: false,
  required: true,
  ...facts,
});
const FORM: CredentialForm = {
  sessionId: 'cs_1',
  state: 'waiting',
  connector: 'PostgreSQL',
  matchCode: 'AMBER-42',
  expiresAt: '2026-11-20T08:10:00Z',
  known: [{ title: 'Host', value: 'db.example.com' }],
  fields: [
    field('username'),
    field('password', { secret: true }),
    field('tls_key', { secret: true, multiline: true, required: false }),
  ],
  takesConnectionString: true,
};

/** A person who gives these answers, one after the other; keeps what was asked, and how. */
function person(...answers: string[]): Asker & { asked: string[]; said: () => string } {
  const asked: string[] = [];
  const said: string[] = [];
  const next = (how: string, question: string) => {
    asked.push(`${how} ${question}`);
    const answer = answers.shift();
    if (answer === undefined) throw new Error(`nobody answers: ${question}`);
    return answer;
  };
  return {
    asked,
    open: async (question) => next('open', question),
    hidden: async (question) => ({ text: next('hidden', question), cutOff: false }),
    say: (text) => void said.push(text),
    said: () => said.join('\n'),
  };
}

describe('the form in a terminal', () => {
  it('asks for each field, hidden what is secret, and again for what is required', async () => {
    const asker = person('', '', 'reader', 'hunter2', '', '');
    expect(await askFields(asker, FORM)).toEqual({ username: 'reader', password: 'hunter2' });
    expect(asker.asked).toEqual([
      'hidden Connection string, if you have one (Enter: field by field): ',
      'open USERNAME: ',
      'open USERNAME: ',
      'hidden PASSWORD (not shown): ',
      'open TLS_KEY, if there is one: path of its file (Enter: paste it): ',
      'hidden TLS_KEY, if there is one (not shown): ',
    ]);
    expect(asker.said()).toBe('USERNAME is required.');
  });

  it('takes a connection string in place of all fields', async () => {
    expect(await askFields(person(' postgresql://u:p@h/d '), FORM)).toEqual({
      connection_string: 'postgresql://u:p@h/d',
    });
  });

  it('reads a key from its file, and asks again where it cannot', async () => {
    const key = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n';
    const path = join(folder.path, 'client.key');
    await writeFile(path, key);
    await writeFile(join(folder.path, 'large'), 'x'.repeat(64 * 1024 + 1));
    await writeFile(join(folder.path, 'binary'), Buffer.from([0xff, 0xfe]));
    const wrong = ['gone', 'large', 'binary', ''].map((name) => join(folder.path, name));
    const asker = person('', 'reader', 'hunter2', ...wrong, path);
    expect(await askFields(asker, FORM)).toMatchObject({ tls_key: key });
    expect(asker.said().split('\n')).toEqual([
      'That file cannot be opened.',
      'That file is larger than 65536 bytes.',
      'That file is no text.',
      'That is no file.',
    ]);
  });

  it('asks again for what is wrong, and keeps the rest', async () => {
    const before = { username: 'reader', password: 'wrong' };
    const asker = person('right');
    expect(await askFields(asker, FORM, before, new Set(['password']))).toEqual({
      username: 'reader',
      password: 'right',
    });
    // Of a connection string it is not known which part.
    const whole = person('', 'reader', 'right', '', '');
    const again = await askFields(whole, FORM, { connection_string: 'x' }, new Set(['password']));
    expect(again).toEqual({ username: 'reader', password: 'right' });
  });

  it('offers choices and what is there already', async () => {
    const options = field('auth_method', { options: ['a', 'b'], value: 'b' });
    const form = { ...FORM, fields: [options], takesConnectionString: false };
    expect(await askFields(person('c', ''), form)).toEqual({ auth_method: 'b' });
  });

  it('says whose credentials, where they go, and the code to compare, without obeying what others wrote', () => {
    const form = { ...FORM, source: 'Shop\u001b[2J', known: [{ title: 'Host', value: 'db\u0007.example.com' }] };
    const text = headLines(fakeTerminal().out, form).join('\n');
    expect(text).toContain('New credentials for Shop');
    expect(text).toContain('AMBER-42');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(problemLines(FORM, { problems: [{ path: 'password', message: 'is wrong' }] })).toEqual([
      'PASSWORD: is wrong',
    ]);
  });
});

describe('a session filled in at a terminal', () => {
  let session: InMemory;
  beforeAll(async () => {
    session = await inMemory();
    session.app.servePages(async () => 'http://127.0.0.1:1/');
  });
  afterAll(() => session.close());

  const { password: _, ...config } = shopConfig();
  const begun = async () =>
    (await session.done('request_credentials', { connector: 'postgresql', config })) as { session_id: string };
  const filled = async (id: string, asker: Asker, more: { skipTest?: boolean } = {}) => {
    const { services } = session.app;
    const find = async () => {
      const found = await services.sessions.find(LOCAL_PRINCIPAL.tenant, id);
      if (!found) throw new Error('no session');
      return found;
    };
    const { out, written } = fakeTerminal();
    const outcome = await fillIn({ services, find, out, json: false, skipTest: false, ...more }, asker);
    return { outcome, text: written() + outcome.lines().join('\n') + JSON.stringify(outcome.document) };
  };

  it('is tested, corrected, and used by the agent, who has never seen the secret', async () => {
    const { readerPassword } = sharedPostgres();
    const { session_id: id } = await begun();
    const asker = person('', WRONG_PASSWORD, 'y', readerPassword);
    const { outcome, text } = await filled(id, asker);
    expect(outcome.document).toMatchObject({ session_id: id, state: 'ready', report: { ok: true } });
    for (const secret of [WRONG_PASSWORD, readerPassword]) expect(text + asker.said()).not.toContain(secret);
    expect(asker.asked.at(-1)).toMatch(/^hidden Password/);

    const answer = await session.done('request_credentials', { session_id: id });
    expect(answer).toMatchObject({ state: 'ready' });
    const made = await session.done('create_source', {
      connector: 'postgresql',
      config: answer['config'],
      name: 'Shop',
    });
    expect(made).toMatchObject({ source: { status: 'Active' } });
  });

  it('stays as it is where the person gives up', async () => {
    const { session_id: id } = await begun();
    const { outcome } = await filled(id, person('', WRONG_PASSWORD, 'n'));
    expect(outcome).toMatchObject({ ok: false, document: { state: 'waiting' } });
  });

  it('is taken untested where the person says so', async () => {
    const { session_id: id } = await begun();
    const { outcome } = await filled(id, person('', WRONG_PASSWORD), { skipTest: true });
    expect(outcome.document).toEqual({ session_id: id, state: 'ready' });
  });
});
