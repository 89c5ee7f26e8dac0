import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMasterKey } from '../../../src/secrets/master-key.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';
import { reachable, unprivileged } from '../../support/unprivileged.ts';
import { buildWorkers, type Workers } from '../store/workers.ts';

let folder: TemporaryFolder;
let home: string;

beforeEach(async () => {
  folder = await temporaryFolder('key');
  home = join(folder.path, 'home');
});

afterEach(() => folder.remove());

const newKey = () => randomBytes(32).toString('base64');

async function keyFile(text: string, name = 'given.key', mode = 0o600): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

const refused = (message: RegExp) => ({
  code: 'KEY_UNAVAILABLE',
  message: expect.stringMatching(message),
  details: { hint: expect.stringMatching(/./) },
});

describe('a configured key', () => {
  it('is the value, or the text of the file, or both where they agree', async () => {
    const value = newKey();
    const file = await keyFile(`${value}\n`);
    const [fromValue, fromFile, fromBoth] = await Promise.all(
      [{ value }, { file }, { value, file }].map((given) => createMasterKey({ ...given, home })({ create: false })),
    );
    expect(fromValue?.key.export().toString('base64')).toBe(value);
    expect(fromFile?.key.export().toString('base64')).toBe(value);
    expect([fromValue?.from, fromFile?.from, fromBoth?.from]).toEqual(['env', 'file', 'env']);
    expect(new Set([fromValue?.id, fromFile?.id, fromBoth?.id]).size).toBe(1);
    await expect(stat(home)).rejects.toThrow('ENOENT');
  });

  it('shows its bytes nowhere', async () => {
    const value = newKey();
    const key = await createMasterKey({ value, home })({ create: false });
    const shown = inspect(key, { depth: 9, showHidden: true }) + JSON.stringify(key);
    const bytes = Buffer.from(value, 'base64');
    for (const form of [value, bytes.toString('hex'), [...bytes].join(',')]) expect(shown).not.toContain(form);
    expect(key.id).toMatch(/^[0-9a-f]{16}$/);
  });

  it.each([
    ['empty', ''],
    ['short', randomBytes(31).toString('base64')],
    ['long', randomBytes(33).toString('base64')],
    ['in hex', randomBytes(32).toString('hex')],
    ['in base64url', Buffer.alloc(32, 0xff).toString('base64url')],
    ['not canonical', `${'A'.repeat(42)}B=`],
    ['with something behind it', `${newKey()} x`],
    ['all zero', Buffer.alloc(32).toString('base64')],
  ])('that is %s is refused, from both places, without quoting it', async (_, value) => {
    const file = await keyFile(value);
    for (const given of [{ value }, { file }]) {
      const failure = await createMasterKey({ ...given, home })({ create: true }).catch((error: unknown) => error);
      expect(failure).toMatchObject(refused(/is not a key|all zero/));
      if (value !== '') expect(inspect(failure)).not.toContain(value);
    }
  });

  it('that is another in value and file is refused', async () => {
    const file = await keyFile(newKey());
    await expect(createMasterKey({ value: newKey(), file, home })({ create: true })).rejects.toMatchObject(
      refused(/different keys/),
    );
  });

  it('in a file that is missing is refused, and never made', async () => {
    const file = join(folder.path, 'nothing.key');
    await expect(createMasterKey({ file, home })({ create: true })).rejects.toMatchObject(refused(/does not exist/));
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  it.each([0o640, 0o604, 0o620, 0o601])('in a file of mode %o is refused', async (mode) => {
    const file = await keyFile(newKey(), 'open.key', mode);
    await expect(createMasterKey({ file, home })({ create: true })).rejects.toMatchObject(refused(/other users/));
  });

  it('in something that is no file is refused', async () => {
    for (const file of [folder.path, '/dev/zero', '/dev/tty']) {
      await expect(createMasterKey({ file, home })({ create: true })).rejects.toMatchObject(refused(/key file/));
    }
  });

  it('may be a link to a file', async () => {
    const value = newKey();
    const link = join(folder.path, 'link');
    await symlink(await keyFile(value), link);
    expect((await createMasterKey({ file: link, home })({ create: false })).from).toBe('file');
  });
});

describe('the zero-config key', () => {
  it('is made only where that is permitted, for this user alone, and stays', async () => {
    const load = createMasterKey({ home });
    await expect(load({ create: false })).rejects.toMatchObject(refused(/missing/));
    await expect(stat(home)).rejects.toThrow('ENOENT');
    const made = await load({ create: true });
    expect(made.from).toBe('home');
    expect(await readdir(home)).toEqual(['master.key']);
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    expect((await stat(join(home, 'master.key'))).mode & 0o777).toBe(0o600);
    for (const create of [true, false]) expect((await load({ create })).id).toBe(made.id);
  });

  it('that is damaged or open to others is refused and left alone', async () => {
    const load = createMasterKey({ home });
    await load({ create: true });
    const path = join(home, 'master.key');
    await chmod(path, 0o644);
    await expect(load({ create: true })).rejects.toMatchObject(refused(/other users/));
    await chmod(path, 0o600);
    await writeFile(path, '');
    await expect(load({ create: true })).rejects.toMatchObject(refused(/is not a key/));
    expect(await readFile(path, 'utf8')).toBe('');
  });

  it('in a home that cannot be made names the way out', async () => {
    await writeFile(home, '');
    await expect(createMasterKey({ home })({ create: true })).rejects.toMatchObject(refused(/cannot be (made|read)/));
  });
});

describe('made by many processes at once', () => {
  let workers: Workers;

  beforeAll(async () => {
    workers = await buildWorkers();
  });

  afterAll(() => workers.remove());

  it('is one key, and each opens what the others sealed', { timeout: 30_000 }, async () => {
    const racers = Array.from({ length: 8 }, (_, n) => workers.start('seal', [home, `secret ${n}`]));
    await Promise.all(racers.map((racer) => new Promise<void>((resolve) => racer.onLine(() => resolve()))));
    for (const racer of racers) racer.tell('go');
    const ends = await Promise.all(racers.map(({ ended }) => ended));
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(Array(8).fill([0, '']));
    const keys = ends.map(({ lines }) => lines[1]?.split(' ')[0]);
    expect(new Set(keys)).toEqual(new Set([(await createMasterKey({ home })({ create: false })).id]));
    expect((await readdir(home)).toSorted()).toEqual(['headwater.db', 'master.key']);
  });

  it.runIf(unprivileged && reachable(process.cwd()))(
    'but readable for another user alone, is refused with the way out',
    async () => {
      // The store is writable, so that it is the key that fails.
      await chmod(folder.path, 0o755);
      await mkdir(home);
      await chmod(home, 0o777);
      await writeFile(join(home, 'master.key'), newKey(), { mode: 0o600 });
      const worker = workers.start('seal', [home], unprivileged);
      worker.tell('go');
      const { lines } = await worker.ended;
      expect(JSON.parse(lines[1]?.replace('failed ', '') ?? '')).toMatchObject({
        code: 'KEY_UNAVAILABLE',
        message: expect.stringMatching(/cannot be read/),
        hint: expect.stringMatching(/./),
      });
    },
  );
});
