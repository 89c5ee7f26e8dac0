import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Connector } from '../define-connector.ts';
import { CONNECTORS } from '../index.ts';
import { definitionFault, lintConnector, thrownText } from '../lint.ts';
import { isObject } from '../paths.ts';
import { namesOf } from '../search.ts';
import { guarded } from './guarded.ts';
import { letFilesImportUs } from './import-us.ts';
import { connectorAround, DefinitionFault, PLAIN } from './plain-connector.ts';
import { keepStdoutPure } from './pure-stdout.ts';
import { converterFor } from './to-json.ts';

/** A file that brought no connector, and why. */
export interface BroughtProblem {
  file: string;
  message: string;
}

export interface Brought {
  connectors: readonly Connector[];
  problems: readonly BroughtProblem[];
}

const EXTENSIONS: readonly string[] = ['.js', '.mjs', '.ts', '.mts'];
const TYPESCRIPT: readonly string[] = ['.ts', '.mts'];
const SHARED = /^_/;
const NOT_CONNECTORS = /^[._]|\.d\.m?ts$|\.(test|spec)\.|\.config\./;
const LOAD_MS = 10_000;

/**
 * Runs the connector files of a folder, in the order of their names, and checks what they export. A file that is not
 * fit brings nothing and stops nothing: it is told among the problems.
 */
export async function loadConnectors(folder: string): Promise<Brought> {
  const files = await connectorFiles(folder).catch(faultText);
  if (typeof files === 'string') return { connectors: [], problems: [{ file: folder, message: files }] };
  letFilesImportUs();
  keepStdoutPure();
  const connectors: Connector[] = [];
  const problems: BroughtProblem[] = [];
  for (const file of files) {
    try {
      for (const exported of await exportsOf(join(folder, file))) {
        connectors.push(accepted(await connectorOf(exported), connectors));
      }
    } catch (error) {
      problems.push({ file, message: faultText(error) });
    }
  }
  return { connectors, problems };
}

async function connectorFiles(folder: string): Promise<string[]> {
  await refuseWritable(folder);
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const code = names.filter((name) => EXTENSIONS.includes(extname(name))).sort();
  // What a connector file may import, it runs.
  for (const name of code.filter((each) => SHARED.test(each))) await refuseWritable(join(folder, name), `${name} `);
  return code.filter((name) => !NOT_CONNECTORS.test(name));
}

/** What anybody may write, anybody would run as us. */
async function refuseWritable(path: string, subject = ''): Promise<void> {
  const { mode } = await stat(path);
  if (process.platform !== 'win32' && (mode & 0o002) !== 0) {
    throw new DefinitionFault(`${subject}is writable by everybody on this machine, so it is not run: chmod o-w`);
  }
}

function faultText(error: unknown): string {
  return error instanceof DefinitionFault ? error.message : thrownText(error);
}

async function exportsOf(path: string): Promise<unknown[]> {
  await refuseWritable(path);
  if (TYPESCRIPT.includes(extname(path)) && !('typescript' in process.features && process.features.typescript)) {
    throw new DefinitionFault('is TypeScript, which Node runs from 22.18 on; compile it to JavaScript, or update Node');
  }
  const module: unknown = await inTime(import(pathToFileURL(path).href)).catch((error: unknown) => {
    throw new DefinitionFault(`cannot be loaded: ${thrownText(error)}${adviceOn(error)}`);
  });
  const exported = isObject(module) ? module['default'] : undefined;
  if (exported === undefined) {
    throw new DefinitionFault(
      'has no default export; a file that is no connector begins with an underscore: _shared.js',
    );
  }
  return Array.isArray(exported) ? exported : [exported];
}

function adviceOn(error: unknown): string {
  if (isObject(error) && error['code'] === 'ERR_MODULE_NOT_FOUND') {
    return ' (install what it imports in its own folder; z comes with headwater-mcp too)';
  }
  // A package.json above the folder may say so.
  const isCommonJs = error instanceof SyntaxError && /outside a module|Unexpected token 'export'/.test(error.message);
  return isCommonJs ? ' (Node takes it for CommonJS: name it .mjs)' : '';
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${LOAD_MS / 1000} s`)), LOAD_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What `defineConnector` made, or a plain object around a schema. */
async function connectorOf(exported: unknown): Promise<Connector> {
  if (!isObject(exported))
    throw new DefinitionFault('must export what defineConnector made, or an object with a schema');
  if (typeof exported['schema'] === 'function') return exported as unknown as Connector;
  const plain = PLAIN.safeParse(exported);
  if (!plain.success) throw new DefinitionFault(plain.error.issues.map(definitionFault).join('; '));
  return connectorAround(plain.data, await converterFor(plain.data.schema));
}

function accepted(connector: Connector, others: readonly Connector[]): Connector {
  const faults = lintConnector(connector);
  if (faults.length > 0) throw new DefinitionFault(faults.join('; '));
  const taken = new Set([...CONNECTORS, ...others].flatMap(namesOf));
  const twice = namesOf(connector).find((name) => taken.has(name));
  if (twice !== undefined)
    throw new DefinitionFault(`${connector.code}: another connector is known as ${twice} already`);
  return guarded(connector);
}
