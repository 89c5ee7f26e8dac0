import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hasTerminal, headwater, jsonOf, shopConfig, typedAt, WRONG_PASSWORD } from '../support/headwater.ts';
import { connectV2 } from '../support/mcp.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temp.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder('cli-credentials');
});
afterAll(() => folder.remove());

const env = () => ({ HEADWATER_HOME: join(folder.path, 'home') });

it.runIf(hasTerminal)('gives credentials that an agent asked for, after a wrong password', async () => {
  const { readerPassword } = sharedPostgres();
  const { password: _, ...config } = shopConfig();
  const agent = await connectV2({ env: env() });
  const asked = await agent.call('request_credentials', { connector: 'postgresql', config });
  expect(asked.isError, asked.text).toBe(false);
  const { session_id: id, match_code: code } = asked.structured as { session_id: string; match_code: string };

  const answers = [
    [/Connection string.*: /, '\r'],
    [/Password.*not shown.*: /, `${WRONG_PASSWORD}\r`],
    [/Try again\? \[Y\/n\] /, '\r'],
    [/Password.*not shown.*: /, `${readerPassword}\r`],
  ] as const;
  const { code: exit, shown } = await typedAt(`credentials ${id}`, answers, env());
  expect(exit, shown).toBe(0);
  expect(shown).toContain(code);
  expect(shown).toContain('Return to your conversation');
  for (const secret of [WRONG_PASSWORD, readerPassword]) expect(shown).not.toContain(secret);

  const ready = await agent.call('request_credentials', { session_id: id, wait_s: 5 });
  expect(ready.structured).toMatchObject({ state: 'ready' });
  const given = ready.structured?.['config'] as object;
  const made = await agent.call('create_source', { connector: 'postgresql', config: given, name: 'Shop' });
  expect(made.isError, made.text).toBe(false);
  for (const { text } of [asked, ready, made]) expect(text).not.toContain(readerPassword);
  await agent.close();

  const { entries } = jsonOf(await headwater(['audit', '--tool', 'give_credentials', '--json'], { env: env() }));
  expect((entries as object[])[0]).toMatchObject({ outcome: 'ok', surface: 'cli' });
  const over = await headwater(['credentials', id], { env: env() });
  expect(over).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no hand-over') });
});

it.runIf(hasTerminal)('asks for a secret without showing it, and takes a paste of several lines whole', async () => {
  const typed = await typedAt('secret set typed', [[/Secret for typed: /, 'CANARY-hunter2\r']], env());
  expect(typed.code, typed.shown).toBe(0);
  expect(typed.shown).not.toContain('CANARY');
  expect(typed.shown).toContain('${credential:typed}');

  const key = '-----BEGIN KEY-----\nCANARYCANARY==\n-----END KEY-----';
  const paste = `\u001b[200~${key.replaceAll('\n', '\r')}\u001b[201~\r`;
  const pasted = await typedAt('secret set pasted', [[/Secret for pasted: /, paste]], env());
  expect(pasted.code, pasted.shown).toBe(0);
  const { fingerprint } = jsonOf(await headwater(['secret', 'set', 'pasted', '--json'], { env: env(), input: key }));
  expect(pasted.shown).toContain(`Fingerprint ${fingerprint}`);

  // Nothing of it is left for the shell behind the command.
  const torn = await typedAt('secret set torn', [[/Secret for torn: /, `${key.replaceAll('\n', '\r')}\r`]], env());
  expect(torn.code).toBe(2);
  expect(torn.shown).not.toContain('CANARY');

  expect(await typedAt('secret set left', [[/Secret for left: /, 'CANARY\u0003']], env())).toMatchObject({ code: 1 });
});

it('needs a session, and a terminal', async () => {
  const gone = await headwater(['credentials', 'cs_0123456789abcdefghjkmnpqrs'], { env: env() });
  expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no hand-over') });
  const exposed = await headwater(['credentials', 'cs_1', 'CANARY-hunter2'], { env: env() });
  expect(exposed).toMatchObject({ code: 2, stderr: expect.stringContaining('treat it as exposed') });
  expect(exposed.stderr).not.toContain('CANARY');
});
