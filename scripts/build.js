// Bundles src/cli.ts to dist/: one small entry that starts fast, everything heavy in chunks that load on first use.
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';

const root = new URL('..', import.meta.url).pathname;
const dir = `${root}dist`;

const shared = {
  cwd: root,
  platform: /** @type {const} */ ('node'),
  // What was written for CommonJS may ask where it is.
  transform: { define: { __dirname: 'import.meta.dirname' } },
  resolve: { alias: { '@modelcontextprotocol/server/_shims': `${root}scripts/sdk-platform.js` } },
};
// libsql finds its native part relative to its own files; pg-native is an optional addon that pg can do without.
const external = [/^node:/, 'libsql', 'pg-native'];
// ssh2 is faster with these and works without; addons cannot be bundled, and nobody need have them.
const NATIVE = /(^cpu-features|\/sshcrypto\.node)$/;
const withoutNative = {
  name: 'without-native-parts',
  resolveId: (/** @type {string} */ id) => (NATIVE.test(id) ? `${root}scripts/left-out.cjs` : null),
};
const ZOD = `${root}src/zod.ts`;

const output = [
  // What connectors of one's own import may need all of zod; in one bundle with it, every server would load all of it.
  ...(await bundled({ ...shared, input: { zod: ZOD }, external })),
  ...(await bundled({
    ...shared,
    input: { cli: `${root}src/cli.ts`, index: `${root}src/index.ts` },
    external: (id) =>
      id === './zod.ts' || external.some((each) => (each instanceof RegExp ? each.test(id) : each === id)),
  })),
];
await writeTypes();
await chmod(`${dir}/cli.js`, 0o755);

// What is bundled comes under licences that want to go along with it.
const LICENCES = 'THIRD-PARTY-LICENSES.txt';
await writeFile(
  `${dir}/${LICENCES}`,
  await licencesOf(output.flatMap((part) => ('moduleIds' in part ? part.moduleIds : []))),
);

// Only now, so that there is a whole build at every moment.
const current = new Set([LICENCES, 'types', ...output.map(({ fileName }) => fileName)]);
const stale = (await readdir(dir)).filter((name) => !current.has(name));
await Promise.all(stale.map((name) => rm(`${dir}/${name}`, { recursive: true, force: true })));

/** @param {import('rolldown').InputOptions} options */
async function bundled(options) {
  const bundle = await rolldown({ ...options, plugins: [withoutNative] });
  const { output } = await bundle.write({
    dir,
    format: 'esm',
    minify: { compress: true, mangle: false, codegen: true },
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    paths: (id) => (id.endsWith('zod.ts') ? './zod.js' : id),
  });
  await bundle.close();
  return output;
}

/** What connectors of one's own are typed by: declarations of the library entry and of what it names. */
async function writeTypes() {
  const options = {
    outDir: `${dir}/types`,
    rootDir: `${root}src`,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
  };
  const folder = await mkdtemp(join(tmpdir(), 'headwater-types-'));
  const project = join(folder, 'tsconfig.json');
  const typeRoots = [`${root}node_modules/@types`];
  const config = {
    extends: `${root}tsconfig.json`,
    compilerOptions: { ...options, typeRoots },
    files: [`${root}src/index.ts`],
    include: [],
  };
  await writeFile(project, JSON.stringify(config));
  await rm(options.outDir, { recursive: true, force: true });
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', project]);
  await rm(folder, { recursive: true });
}

/** @param {readonly string[]} modules paths of the files in the bundle */
async function licencesOf(modules) {
  const folders = modules.flatMap((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? []);
  const texts = [...new Set(folders)].map(async (folder) => {
    const { name, version, license, licenses } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
    const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice)/i.test(file)).sort();
    const contents = await Promise.all(files.map((file) => readFile(`${folder}/${file}`, 'utf8')));
    return [`${name} ${version} (${license ?? licenses[0].type})`, ...contents].join('\n\n').trimEnd();
  });
  return `${(await Promise.all(texts)).sort().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
