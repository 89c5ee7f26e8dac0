import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { MANIFESTS, MCPB_MANIFEST, SERVER_JSON } from '../../scripts/manifests.ts';
import { variableTable } from '../../src/settings.ts';
import { TOOLS } from '../../src/tools/index.ts';
import { guideFiles } from '../support/guide.ts';
import { connectV2 } from '../support/mcp.ts';
import { projectRoot } from '../support/root.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temp.ts';

const INSTALL_MS = 120_000;

interface Packed {
  filename: string;
  unpackedSize: number;
  files: { path: string }[];
}

describe('the package', () => {
  let folder: TemporaryFolder;
  let packed: Packed;

  beforeAll(async () => {
    folder = await temporaryFolder('pack');
    // The build is there (global setup), and others run it at this moment: it is not made anew.
    const stdout = await npm(projectRoot, 'pack', '--ignore-scripts', '--json', '--pack-destination', folder.path);
    const [only] = JSON.parse(stdout) as Packed[];
    if (!only) throw new Error('npm packed nothing');
    packed = only;
  });
  afterAll(() => folder.remove());

  it('holds only what runs', async () => {
    const paths = packed.files.map(({ path }) => path);
    const code = /^dist\/([\w-]+\.js|types\/[\w/-]+\.d\.ts)$/;
    expect(paths.filter((path) => !code.test(path)).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'dist/THIRD-PARTY-LICENSES.txt',
      'docs/connectors.md',
      'docs/problems.md',
      'package.json',
    ]);
    expect(paths).toEqual(expect.arrayContaining(['dist/cli.js', 'dist/index.js', 'dist/types/index.d.ts']));
    const texts = await Promise.all(paths.map((path) => readFile(join(projectRoot, path), 'utf8')));
    expect(paths.filter((_, index) => texts[index]?.includes('test_simple_text'))).toEqual([]);
    expect(packed.unpackedSize).toBeLessThan(5_000_000);
  });

  it(
    'installs into an empty folder, with nothing but what runs, and works there',
    async ({ skip }) => {
      await writeFile(join(folder.path, 'package.json'), '{ "private": true }');
      const tarball = join(folder.path, packed.filename);
      const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--no-progress'];
      const installed = await npm(folder.path, 'install', tarball, ...flags).catch((error: unknown) => {
        if (process.env['HEADWATER_TEST_EXTERNAL'] === 'all') throw error;
        return undefined;
      });
      if (installed === undefined) return skip('npm does not reach its registry');

      const lock = await readFile(join(folder.path, 'node_modules', '.package-lock.json'), 'utf8');
      const { packages } = JSON.parse(lock) as { packages: object };
      // Itself, the SQLite binding, and what that one needs to find its native part.
      expect(Object.keys(packages).length).toBeLessThanOrEqual(8);

      const bin = join(folder.path, 'node_modules', '.bin');
      expect(await readdir(bin)).toContain('headwater');
      const { stdout } = await promisify(execFile)(join(bin, 'headwater'), ['--version']);
      expect(stdout).toContain(manifest.version);

      const script = join(folder.path, 'node_modules', manifest.name, 'dist', 'cli.js');
      const session = await connectV2({ script });
      try {
        const { tools } = await session.client.listTools();
        expect(tools.map(({ name }) => name)).toEqual(TOOLS.map(({ name }) => name));
        // The store is the one thing that is not in the bundle.
        expect(await session.call('list_sources')).toMatchObject({ isError: false, structured: { sources: [] } });
      } finally {
        await session.close();
      }

      // Whoever writes a connector is told by the types what is wrong with it; the guide's are right.
      expect(await typeErrors(folder.path, { own: OWN_CONNECTOR })).toEqual([]);
      const wrong = OWN_CONNECTOR.replace('5433', "'5433'").replace('config.host', 'config.hots');
      expect(await typeErrors(folder.path, { own: wrong })).toEqual([
        expect.stringContaining("'string' is not assignable"),
        expect.stringContaining("'hots' does not exist"),
      ]);
      const guide = Object.fromEntries(await guideFiles());
      const typed = Object.entries(guide).map(([name, text]) => [
        name.replace('.js', ''),
        text.replace(UNTYPED, TYPED),
      ]);
      expect(typed).toHaveLength(3);
      expect(await typeErrors(folder.path, Object.fromEntries(typed))).toEqual([]);
    },
    INSTALL_MS,
  );
});

describe('what registries and clients read', () => {
  it.each(Object.entries(MANIFESTS))('%s is what the code says (npm run docs)', (file, text) => {
    expect(readFileSync(join(projectRoot, file), 'utf8')).toBe(text);
  });

  it('one name and one version are everywhere', () => {
    const [npmPackage] = SERVER_JSON.packages;
    expect([SERVER_JSON.version, npmPackage?.version, MCPB_MANIFEST.version]).toEqual(Array(3).fill(manifest.version));
    expect(npmPackage?.identifier).toBe(manifest.name);
    expect(SERVER_JSON.name).toBe(manifest.mcpName);
    expect(SERVER_JSON.description.length).toBeLessThanOrEqual(100);
    const dockerfile = readFileSync(join(projectRoot, 'Dockerfile'), 'utf8');
    expect(dockerfile).toContain(`io.modelcontextprotocol.server.name="${manifest.mcpName}"`);
  });

  it('every variable is told, and the keys among them as secrets', () => {
    const told = SERVER_JSON.packages[0]?.environmentVariables ?? [];
    const known = variableTable().map(({ name }) => name);
    expect(told.map(({ name }) => name)).toEqual(known);
    expect(told.filter(({ isSecret }) => isSecret).map(({ name }) => name)).toContain('HEADWATER_MASTER_KEY');
    const set = Object.keys(MCPB_MANIFEST.server.mcp_config.env);
    expect(set.filter((name) => !known.includes(name))).toEqual(['HEADWATER_SECRET_SOURCE']);
  });

  it('an MCPB host asks for exactly what it passes on', () => {
    const { env } = MCPB_MANIFEST.server.mcp_config;
    const used = Object.values(env).map((value) => /^\$\{user_config\.(\w+)\}$/.exec(value)?.[1]);
    expect(used).toEqual(Object.keys(MCPB_MANIFEST.user_config));
    expect(MCPB_MANIFEST.user_config.secret).toMatchObject({ sensitive: true });
    expect(MCPB_MANIFEST.server.entry_point).toBe(manifest.bin.headwater);
  });
});

const AS_USERS_DO = {
  module: 'nodenext',
  target: 'es2023',
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  typeRoots: [join(projectRoot, 'node_modules', '@types')],
  types: ['node'],
};
const UNTYPED = 'ask(socket, line, signal)';
const TYPED = "ask(socket: import('node:net').Socket, line: string, signal: AbortSignal)";
const OWN_CONNECTOR = `
import { defineConnector, host, port, through } from 'headwater-mcp';
export default defineConnector({
  code: 'own', name: 'Own', category: 'database', aliases: [], keywords: [], capabilities: ['test'], prerequisites: [],
  fields: { host: host(), port: port(5433) }, example: { host: 'a.example' },
  probe: through('postgresql', (config) => ({ host: config.host, port: config.port })),
});
`;

async function typeErrors(cwd: string, texts: Readonly<Record<string, string>>): Promise<string[]> {
  const files = Object.keys(texts).map((name) => `${name}.ts`);
  await writeFile(join(cwd, 'tsconfig.json'), JSON.stringify({ compilerOptions: AS_USERS_DO, files }));
  for (const [name, text] of Object.entries(texts)) await writeFile(join(cwd, `${name}.ts`), text);
  const tsc = join(projectRoot, 'node_modules/.bin/tsc');
  const { stdout } = await promisify(execFile)(tsc, ['-p', '.', '--pretty', 'false'], { cwd }).catch(
    (error: { stdout: string }) => error,
  );
  return stdout.split('\n').filter((line) => line.includes('error TS'));
}

async function npm(cwd: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('npm', [...args], { cwd, maxBuffer: 1e7 });
  return stdout;
}
