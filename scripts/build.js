// Bundles src/cli.ts to dist/: one small entry that starts fast, everything heavy in chunks that load on first use.
import { chmod, readdir, rm } from 'node:fs/promises';
import { rolldown } from 'rolldown';

const root = new URL('..', import.meta.url).pathname;
const dir = `${root}dist`;

const bundle = await rolldown({
  input: { cli: `${root}src/cli.ts` },
  cwd: root,
  platform: 'node',
  // libsql finds its native part relative to its own files; pg-native is an optional addon that pg can do without.
  external: [/^node:/, 'libsql', 'pg-native'],
  resolve: { alias: { '@modelcontextprotocol/server/_shims': `${root}scripts/sdk-platform.js` } },
});
const { output } = await bundle.write({
  dir,
  format: 'esm',
  minify: { compress: true, mangle: false, codegen: true },
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
});
await bundle.close();
await chmod(`${dir}/cli.js`, 0o755);

// Only now, so that there is a whole build at every moment.
const current = new Set(output.map(({ fileName }) => fileName));
const stale = (await readdir(dir)).filter((name) => !current.has(name));
await Promise.all(stale.map((name) => rm(`${dir}/${name}`, { recursive: true, force: true })));
