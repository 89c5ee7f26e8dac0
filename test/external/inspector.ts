import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Target } from './ai-sdk.ts';
import { installExternal } from './install.ts';

export interface Inspected {
  /** 0, or 6 where `--strict` found a schema that some client cannot use. */
  code: number;
  /** What the server answered, where the Inspector printed it. */
  result: Record<string, unknown> | undefined;
  stderr: string;
}

export type Inspector = (
  target: Target,
  era: 'legacy' | 'auto' | 'modern',
  ...args: readonly string[]
) => Promise<Inspected>;

/** The MCP Inspector's command line; `home` keeps what it would write into the person's own. */
export async function installInspector(home: string): Promise<Inspector> {
  const folder = await installExternal('inspector');
  const command = join(folder, 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js');
  const environment = { PATH: process.env['PATH'], HOME: home };
  return (target, era, ...args) => {
    const where =
      'url' in target
        ? ['--transport', 'http', '--server-url', target.url]
        : [
            ...Object.entries(target.env).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
            process.execPath,
            target.script,
          ];
    const all = [command, '--cli', '--protocol-era', era, '--format', 'json', ...args, ...where];
    return new Promise((resolve) => {
      execFile(process.execPath, all, { env: environment, timeout: 30_000 }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, result: resultOf(stdout), stderr });
      });
    });
  };
}

function resultOf(stdout: string): Record<string, unknown> | undefined {
  try {
    return (JSON.parse(stdout) as { result?: Record<string, unknown> }).result;
  } catch {
    return undefined;
  }
}
