import { join, resolve } from 'node:path';
import { buildIfStale } from '../../test/support/build.ts';
import { projectRoot } from '../../test/support/root.ts';
import type { Options } from './report.ts';
import type { Program } from './stdio-server.ts';

/** Our server as it is shipped, freshly built, with its data in `home`. */
export async function builtServer({ server }: Options, home: string): Promise<Program> {
  if (server === undefined) await buildIfStale();
  const script = server === undefined ? join(projectRoot, 'dist', 'cli.js') : resolve(server);
  return { script, env: { HEADWATER_HOME: home } };
}
