import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from './root.ts';
import { type TemporaryFolder, temporaryFolder } from './temp.ts';

/** The examples of the guide to connectors, as a reader would copy them: file name and text. */
export async function guideFiles(): Promise<[name: string, text: string][]> {
  const guide = await readFile(join(projectRoot, 'docs/connectors.md'), 'utf8');
  return [...guide.matchAll(/```js\n\/\/ file: (\S+)\n([\s\S]*?)```/g)].map(([, name = '', text = '']) => [name, text]);
}

/** A folder of connector files. */
export async function connectorFolder(files: Iterable<readonly [string, string]>): Promise<TemporaryFolder> {
  const folder = await temporaryFolder('connectors');
  for (const [name, text] of files) await writeFile(join(folder.path, name), text);
  return folder;
}
