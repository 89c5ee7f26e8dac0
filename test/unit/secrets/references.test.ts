import { execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HeadwaterError } from '../../../src/errors.ts';
import { credentialReader } from '../../../src/secrets/providers/credential.ts';
import { type EnvPolicy, envReader } from '../../../src/secrets/providers/env.ts';
import { type FilePolicy, fileReader } from '../../../src/secrets/providers/file.ts';
import { vaultReader } from '../../../src/secrets/providers/vault.ts';
import {
  describeReference,
  isElsewhere,
  type Providers,
  parseReference,
  resolveReference,
} from '../../../src/secrets/references.ts';
import { Secret } from '../../../src/secrets/secret.ts';
import { hostileInputs, type Verdict } from '../../support/hostile-inputs.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';
import { timed } from '../probes/lab.ts';

const VALUE = 'CANARY-p4ss-41aa';
type Rules = EnvPolicy & FilePolicy;

let folder: TemporaryFolder;
let open: string;
let policy: Rules;

beforeAll(async () => {
  folder = await temporaryFolder('references');
  open = join(folder.path, 'secrets');
  const outside = join(folder.path, 'outside');
  await Promise.all([mkdir(join(open, 'sub'), { recursive: true }), mkdir(outside), mkdir(`${open}-evil`)]);
  const file = (path: string, text: string, mode = 0o600) => writeFile(path, text, { mode });
  await Promise.all([
    file(join(open, 'plain'), VALUE),
    file(join(open, 'line'), `${VALUE}\n`),
    file(join(open, 'crlf'), `${VALUE}\r\n`),
    file(join(open, 'lines'), `${VALUE}\nsecond\n\n`),
    file(join(open, 'sub', 'deep'), VALUE),
    file(join(open, 'empty'), ''),
    file(join(open, 'only-newline'), '\n'),
    file(join(open, 'big'), 'x'.repeat(64 * 1024 + 1)),
    file(join(open, 'full'), 'x'.repeat(64 * 1024)),
    file(join(open, 'größe 漢字'), VALUE),
    file(join(outside, 'shadow'), VALUE),
    file(`${open}-evil/x`, VALUE),
    file(join(open, 'world'), VALUE),
  ]);
  await chmod(join(open, 'world'), 0o602);
  await symlink(join(outside, 'shadow'), join(open, 'escape'));
  await symlink(outside, join(open, 'escape-folder'));
  await symlink('plain', join(open, 'inside'));
  await symlink(join(open, 'loop'), join(open, 'loop'));
  await symlink('/proc/self/environ', join(open, 'environ'));
  execFileSync('mkfifo', [join(open, 'fifo')]);
  policy = {
    envPrefix: 'HEADWATER_SECRET_',
    directories: [open],
    forbidden: [],
    environment: { HEADWATER_SECRET_DB: VALUE, HEADWATER_SECRET_EMPTY: '', AWS_SECRET_ACCESS_KEY: VALUE },
  };
});
afterAll(() => folder.remove());

function providers(rules: Rules): Providers {
  return {
    env: envReader(rules),
    file: fileReader(rules),
    vault: vaultReader({ prefixes: [], token: async () => new Secret(VALUE), now: () => new Date() }),
    credential: credentialReader(async (tenant, name) =>
      tenant === 'acme' && name === 'shop-db' ? new Secret(VALUE) : undefined,
    ),
  };
}

async function outcome(text: string, rules = policy): Promise<string> {
  try {
    const reference = parseReference(text);
    if (!reference) return 'literal';
    const secret = await resolveReference(reference, providers(rules), 'acme');
    return `= ${secret.reveal()}`;
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    expect(JSON.stringify(error)).not.toContain(VALUE);
    return error.code;
  }
}

describe('what is a reference', () => {
  test.each([
    ['${env:NAME}', { scheme: 'env', target: 'NAME' }, 'env:NAME'],
    ['${file:/run/secrets/db}', { scheme: 'file', target: '/run/secrets/db' }, 'file:/run/secrets/db'],
    [
      '${vault:secret/shop/db#password}',
      { scheme: 'vault', target: 'secret/shop/db#password' },
      'vault:secret/shop/db#password',
    ],
    ['${credential:shop-db}', { scheme: 'credential', target: 'shop-db' }, 'credential:shop-db'],
    [
      '${credential:cs_0123456789abcdefghjkmnpqrs}',
      { scheme: 'credential', target: 'cs_0123456789abcdefghjkmnpqrs' },
      'credential:cs_0123456789abcdefghjkmnpqrs',
    ],
    ['${file:/a}b}', { scheme: 'file', target: '/a}b' }, 'file:/a}b'],
  ])('%s', (text, reference, shown) => {
    expect(parseReference(text)).toEqual(reference);
    expect(describeReference(parseReference(text) ?? { scheme: 'env', target: '' })).toBe(shown);
  });

  test.each([
    'hunter2',
    '',
    '${NAME}',
    '$NAME',
    'a ${env:NAME}',
    '${env:NAME} b',
    '{env:NAME}',
    'env:NAME',
    '${}',
    '${:x}',
  ])('%j is an ordinary value, and nothing in it is expanded', (text) => {
    expect(parseReference(text)).toBeUndefined();
  });

  test.each([
    '${env:}',
    '${env:A B}',
    '${env:A=B}',
    '${env:1A}',
    '${ENV:NAME}',
    '${exec:cat /etc/passwd}',
    '${vault:a}',
    '${vault:secret/../shop#key}',
    '${vault:secret/shop}',
    '${vault:secret/shop#key?version=2}',
    '${credential:cs_1}',
    '${credential:cs_shop}',
    '${credential:}',
    '${credential:a/b}',
    '${credential:ä}',
    `\${credential:${'x'.repeat(65)}}`,
    '${platform:}',
    '${file:/a\0b}',
  ])('%j looks like one and is refused, with how to write it', (text) => {
    expect(() => parseReference(text)).toThrow(/^Not a usable reference: .*\$\{(env|file|vault|credential):/);
  });
});

describe('the environment', () => {
  test.each([
    ['HEADWATER_SECRET_DB', `= ${VALUE}`],
    ['HEADWATER_SECRET_MISSING', 'REFERENCE_BROKEN'],
    ['HEADWATER_SECRET_EMPTY', 'REFERENCE_BROKEN'],
    ['AWS_SECRET_ACCESS_KEY', 'REFERENCE_DENIED'],
    ['headwater_secret_DB', 'REFERENCE_DENIED'],
    ['HEADWATER_SECRE', 'REFERENCE_DENIED'],
    ['PATH', 'REFERENCE_DENIED'],
    ['__proto__', 'REFERENCE_DENIED'],
  ])('%s', async (name, expected) => {
    expect(await outcome(`\${env:${name}}`)).toBe(expected);
  });

  test('a name outside the prefix is refused whether it is set or not', async () => {
    const tell = async (name: string) => {
      const error = await resolveReference({ scheme: 'env', target: name }, providers(policy), 'local').catch(
        (reason: unknown) => reason,
      );
      return JSON.stringify(error).replaceAll(name, 'NAME');
    };
    expect(await tell('AWS_SECRET_ACCESS_KEY')).toBe(await tell('NOT_SET_AT_ALL'));
  });

  test('the refusal says which names may be read, and who can change that', async () => {
    const error = await resolveReference({ scheme: 'env', target: 'PGPASSWORD' }, providers(policy), 'local').catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({
      message: '${env:PGPASSWORD} may not be read.',
      details: { hint: expect.stringMatching(/start with HEADWATER_SECRET_.*HEADWATER_ENV_PREFIX/) },
    });
  });
});

describe('files', () => {
  test.each([
    ['plain', `= ${VALUE}`],
    ['line', `= ${VALUE}`], // the line end that editors and `echo` leave is no part of it
    ['crlf', `= ${VALUE}`],
    ['lines', `= ${VALUE}\nsecond\n`], // one line end and no more
    ['sub/deep', `= ${VALUE}`],
    ['größe 漢字', `= ${VALUE}`],
    ['inside', `= ${VALUE}`], // a link that stays inside, as Kubernetes makes them
    ['full', `= ${'x'.repeat(64 * 1024)}`],
    ['missing', 'REFERENCE_BROKEN'],
    ['empty', 'REFERENCE_BROKEN'],
    ['only-newline', 'REFERENCE_BROKEN'],
    ['big', 'REFERENCE_BROKEN'],
    ['world', 'REFERENCE_BROKEN'],
    ['loop', 'REFERENCE_DENIED'],
    ['sub', 'REFERENCE_DENIED'],
    ['', 'REFERENCE_DENIED'],
    ['escape', 'REFERENCE_DENIED'],
    ['escape-folder/shadow', 'REFERENCE_DENIED'],
    ['escape-folder/nothing', 'REFERENCE_DENIED'],
    ['missing/deeper', 'REFERENCE_BROKEN'],
    ['environ', 'REFERENCE_DENIED'],
    ['../outside/shadow', 'REFERENCE_DENIED'],
    ['sub/../../outside/shadow', 'REFERENCE_DENIED'],
    ['sub/../plain', 'REFERENCE_DENIED'],
  ])('%s', async (name, expected) => {
    expect(await outcome(`\${file:${open}/${name}}`)).toBe(expected);
  });

  test.each(['/etc/passwd', '/proc/self/environ', '//etc/passwd', '/', '', 'plain', './plain', '~/x', '../x'])(
    '%j is outside, and whether it exists is not told',
    async (path) => {
      expect(await outcome(`\${file:${path}}`)).toBe('REFERENCE_DENIED');
    },
  );

  test('a folder whose name only begins like an open one is not open', async () => {
    expect(await outcome(`\${file:${open}-evil/x}`)).toBe('REFERENCE_DENIED');
  });

  test('a named pipe does not hang', async () => {
    const { value, ms } = await timed(outcome(`\${file:${open}/fifo}`));
    expect(value).toBe('REFERENCE_DENIED');
    expect(ms).toBeLessThan(1000);
  });

  test('an open folder may itself be reached through a link', async () => {
    const link = join(folder.path, 'link-to-open');
    await symlink(open, link);
    expect(await outcome(`\${file:${link}/plain}`, { ...policy, directories: [link] })).toBe(`= ${VALUE}`);
  });

  test('a closed file stays closed in an open folder, by any name', async () => {
    await symlink('plain', join(open, 'other-name'));
    const rules = { ...policy, forbidden: [join(open, 'plain')] };
    for (const name of ['plain', 'inside', 'other-name']) {
      expect(await outcome(`\${file:${open}/${name}}`, rules), name).toBe('REFERENCE_DENIED');
    }
    expect(await outcome(`\${file:${open}/line}`, rules)).toBe(`= ${VALUE}`);
  });

  test('nothing is open where the operator opened nothing', async () => {
    expect(await outcome(`\${file:${open}/plain}`, { ...policy, directories: [] })).toBe('REFERENCE_DENIED');
  });

  test('a file is read when it is used, so that a changed secret needs no restart', async () => {
    const path = join(open, 'rotated');
    await writeFile(path, 'first', { mode: 0o600 });
    expect(await outcome(`\${file:${path}}`)).toBe('= first');
    await writeFile(path, 'second');
    expect(await outcome(`\${file:${path}}`)).toBe('= second');
  });
});

describe('whatever is written', () => {
  const word = fc.constantFrom(
    'env',
    'file',
    'vault',
    'credential',
    'worker',
    'exec',
    'ENV',
    '__proto__',
    'constructor',
  );
  const piece = fc.constantFrom(
    '..',
    '/',
    '//',
    '.',
    '#',
    '@',
    ':',
    '?',
    '%2e',
    '\\',
    '\0',
    '}',
    '${',
    'plain',
    'escape',
  );
  const target = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    fc.array(piece, { maxLength: 8 }).map((pieces) => `${open}/${pieces.join('')}`),
    fc.constantFrom('HEADWATER_SECRET_DB', 'AWS_SECRET_ACCESS_KEY', 'PATH', 'toString', '__proto__'),
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.tuple(word, target).map(([scheme, rest]) => `\${${scheme}:${rest}}`),
  );

  test('gives a literal, a value that is open, or a HeadwaterError', async () => {
    const opened = new Set([VALUE, `${VALUE}\nsecond\n`, 'x'.repeat(64 * 1024)]);
    await fc.assert(
      fc.asyncProperty(text, async (written) => {
        // `outcome` lets through nothing but a HeadwaterError.
        const result = await outcome(written);
        if (!result.startsWith('= ')) return;
        expect(opened).toContain(result.slice(2));
        expect(parseReference(written)?.target).toMatch(/^(HEADWATER_SECRET_DB$|[^\0]*\/secrets\/)/);
      }),
      { numRuns: 3000 },
    );
  });

  test('is left to a Kafka Connect worker where it says so', async () => {
    const reference = parseReference('${worker:vault:secret/shop:key}');
    expect(reference).toEqual({ scheme: 'worker', target: 'vault:secret/shop:key' });
    expect(parseReference('${worker:env:DB_PASSWORD}')).toEqual({ scheme: 'worker', target: 'env:DB_PASSWORD' });
    if (reference) expect(isElsewhere(reference)).toBe(true);
    expect(await outcome('${worker:vault:secret/shop:key}')).toBe('REFERENCE_BROKEN');
    for (const text of ['${worker:}', '${worker:vault}', '${worker:a:${b}:c}']) {
      expect(() => parseReference(text)).toThrow(/worker:provider:path:key/);
    }
  });

  test('is shown as what it is read from', () => {
    fc.assert(
      fc.property(text, (written) => {
        try {
          const reference = parseReference(written);
          if (reference) expect(`\${${describeReference(reference)}}`).toBe(written);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_CONFIG' });
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('hostile inputs', () => {
  const VERDICTS: Record<string, Verdict> = { REFERENCE_DENIED: 'deny', INVALID_CONFIG: 'error' };

  test.each(hostileInputs<string>('secret_ref'))('$id: $expect ($why)', async ({ input, expect: expected }) => {
    // The corpus speaks of /run/secrets; ours is elsewhere, with the same things in it.
    const text = input
      .replace('/run/secrets/pg_password', `${open}/plain`)
      .replace('/run/secrets/link_to_etc_shadow', `${open}/escape`)
      .replace('/run/secrets-evil', `${open}-evil`);
    const result = await outcome(text);
    const verdict: Verdict = VERDICTS[result] ?? (result === 'REFERENCE_BROKEN' ? 'error' : 'allow');
    expect(verdict).toBe(expected);
    if (expected !== 'allow') expect(result).not.toContain(VALUE);
  });
});
