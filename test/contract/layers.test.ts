import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../support/root.ts';

const SOURCE = join(projectRoot, 'src');

/** Each room (a folder of src/, or a file at its top) and the rooms it may look into. Downwards only. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  nearest: [],
  version: [],
  issues: ['errors', 'nearest'],
  net: ['secrets', 'errors'],
  secrets: ['errors'],
  files: [],
  detect: ['errors'],
  settings: ['nearest', 'net', 'secrets'],
  log: ['settings'],
  probes: ['secrets', 'net', 'files', 'errors', 'nearest'],
  connectors: ['probes', 'secrets', 'net', 'errors', 'issues', 'nearest'],
  sources: ['connectors', 'probes', 'secrets', 'net', 'files', 'errors', 'issues'],
  store: ['sources', 'secrets', 'net', 'errors'],
  platforms: ['sources', 'connectors', 'probes', 'secrets', 'net', 'errors', 'nearest'],
  tools: ['sources', 'connectors', 'errors', 'issues', 'log'],
  resources: ['sources', 'connectors', 'errors'],
  prompts: ['sources', 'connectors', 'errors'],
  app: ['tools', 'platforms', 'store', 'sources', 'connectors', 'secrets', 'net', 'files', 'settings', 'log', 'errors'],
  index: ['connectors', 'probes', 'secrets', 'zod'],
  zod: [],
  server: ['app', 'tools', 'resources', 'prompts', 'sources', 'version'],
  transports: ['server', 'app', 'resources', 'sources', 'secrets', 'errors', 'log', 'settings'],
  commands: [
    'transports',
    'app',
    'detect',
    'sources',
    'connectors',
    'probes',
    'secrets',
    'net',
    'settings',
    'errors',
    'nearest',
    'version',
  ],
  cli: ['commands', 'transports', 'app', 'settings', 'errors'],
};

interface Module {
  file: string;
  room: string;
  text: string;
  local: readonly string[];
  packages: readonly string[];
}

const modules = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file): Module => {
    const text = readFileSync(join(SOURCE, file), 'utf8');
    const imports = [...text.matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
    return {
      file,
      room: roomOf(file),
      text,
      local: imports.filter((path) => path.startsWith('.')).map((path) => normalize(join(dirname(file), path))),
      packages: imports.filter((path) => !path.startsWith('.')),
    };
  });

function roomOf(file: string): string {
  return file.split('/')[0]?.replace(/\.ts$/, '') ?? '';
}

const filesWith = (fits: (module: Module) => boolean) => modules.filter(fits).map(({ file }) => file);

describe('layers', () => {
  it('knows every room', () => {
    expect([...new Set(modules.map(({ room }) => room))].filter((room) => !(room in ROOMS))).toEqual([]);
  });

  it('imports point downwards only', () => {
    const wrong = modules.flatMap(({ file, room, local }) =>
      local
        .filter((path) => !path.startsWith('..'))
        .filter((path) => roomOf(path) !== room && !ROOMS[room]?.includes(roomOf(path)))
        .map((path) => `${file} → ${path}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has no circles between files', () => {
    const graph = new Map(modules.map(({ file, local }) => [file, local]));
    const done = new Set<string>();
    const circles: string[] = [];
    const walk = (file: string, path: readonly string[]) => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (path.includes(file) || done.has(file)) return;
      for (const next of graph.get(file) ?? []) walk(next, [...path, file]);
      done.add(file);
    };
    for (const file of graph.keys()) walk(file, []);
    expect(circles).toEqual([]);
  });

  it('only the edges know the MCP SDK', () => {
    const allowed = /^(server\.ts|(tools|resources|prompts)\/define-\w+\.ts|transports\/)/;
    expect(
      filesWith(
        ({ file, packages }) =>
          packages.some((name) => name.startsWith('@modelcontextprotocol/')) && !allowed.test(file),
      ),
    ).toEqual([]);
  });

  it('only net/ opens sockets and resolves names, the HTTP listener apart', () => {
    const sockets = /^(node:)?(net|tls|dns|http|https|http2|dgram|undici)(\/|$)/;
    const values = ({ text }: Module) =>
      [...text.matchAll(/import (?!type)[^;]*?from '([^']+)'/g)].some((match) => sockets.test(match[1] ?? ''));
    expect(
      filesWith(
        (module) =>
          module.room !== 'net' && !/^transports\/(http\/|pages\/loopback\.ts$)/.test(module.file) && values(module),
      ),
    ).toEqual([]);
  });

  it('only settings.ts reads the environment', () => {
    expect(filesWith(({ text }) => /process\.env/.test(text))).toEqual(['settings.ts']);
  });

  it('only the edges write to stdout', () => {
    expect(
      filesWith(
        ({ file, text }) => /process\.stdout|console\./.test(text) && !/^(commands|transports)\/|^cli\.ts/.test(file),
      ),
    ).toEqual([]);
  });

  it('reveals secrets in secrets/, net/ and probes/ only', () => {
    expect(
      filesWith(({ room, text }) => /\.reveal\(\)/.test(text) && !['secrets', 'net', 'probes'].includes(room)),
    ).toEqual([]);
  });

  it('imports drivers and bindings lazily', () => {
    const heavy = /^(pg|libsql|kysely|pino|mysql2|mongodb|ssh2)$/;
    const eager = ({ text }: Module) =>
      [...text.matchAll(/^(?:import|export) (?!type)[^;]*? from '([^']+)'/gm)].some((match) =>
        heavy.test(match[1] ?? ''),
      );
    const lazily = /^store\//;
    expect(filesWith((module) => eager(module) && !lazily.test(module.file))).toEqual([]);
  });

  it('a server that starts loads nothing that only some work needs', () => {
    const heavy = ['net/http.ts', 'connectors/brought/load.ts', 'store/connection.ts', 'store/dialect.ts', 'zod.ts'];
    const eager = ({ file, text }: Module) =>
      [...text.matchAll(/^(?:import|export) (?!type)[^;]*? from '(\.[^']+)'/gm)].map((match) =>
        normalize(join(dirname(file), match[1] ?? '')),
      );
    const graph = new Map(modules.map((module) => [module.file, eager(module)]));
    const loaded = new Set<string>();
    const walk = (file: string) => {
      if (loaded.has(file)) return;
      loaded.add(file);
      for (const next of graph.get(file) ?? []) walk(next);
    };
    walk('commands/stdio.ts');
    expect(loaded.size).toBeGreaterThan(50);
    expect(heavy.filter((file) => loaded.has(file))).toEqual([]);
    expect(heavy.filter((file) => !graph.has(file))).toEqual([]);
  });

  it('keeps files to one idea: at most 300 lines', () => {
    expect(filesWith(({ text }) => text.split('\n').length > 300)).toEqual([]);
  });
});
