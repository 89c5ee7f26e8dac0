// Bundles src/cli.ts to dist/: one small entry that starts fast, everything heavy in chunks that load on first use.
import { chmod, rm } from 'node:fs/promises';
import { rolldown } from 'rolldown';

const root = new URL('..', import.meta.url).pathname;

await rm(`${root}dist`, { recursive: true, force: true });
const bundle = await rolldown({
  input: { cli: `${root}src/cli.ts` },
  cwd: root,
  platform: 'node',
  // libsql finds its native part relative to its own files; pg-native is an optional addon that pg can do without.
  external: [/^node:/, 'libsql', 'pg-native'],
  checks: { circularDependency: true },
});
await bundle.write({
  dir: `${root}dist`,
  format: 'esm',
  minify: { compress: true, mangle: false, codegen: true },
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
});
await bundle.close();
await chmod(`${root}dist/cli.js`, 0o755);
