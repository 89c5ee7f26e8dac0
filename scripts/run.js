// Runs a TypeScript file of this repository: node scripts/run.js FILE [ARGUMENT…]
import { mkdir } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const root = new URL('..', import.meta.url).pathname;
const [file, ...rest] = process.argv.slice(2);
if (!file) {
  console.error('usage: node scripts/run.js FILE [ARGUMENT…]');
  process.exit(2);
}
const output = `${root}.build/${basename(file, '.ts')}.js`;
await mkdir(`${root}.build`, { recursive: true });
const bundle = await rolldown({
  input: resolve(file),
  platform: 'node',
  // What the compiler itself adds for newer syntax is no package of ours.
  external: (id) => !/^[./]|^@oxc-project\/runtime/.test(id),
});
await bundle.write({ file: output, format: 'esm', codeSplitting: false });
await bundle.close();
process.argv = [process.argv[0], output, ...rest];
await import(pathToFileURL(output).href);
