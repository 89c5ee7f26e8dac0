import { engineOf } from '../engines.ts';
import { type Found, folderOf, type LookedAt, safeName, type Told, VARIABLE } from '../found.ts';

const DATASOURCE = /\bdatasource\s+(\w+)\s*\{([^}]*)\}/g;
const PROVIDER = /^\s*provider\s*=\s*"(\w+)"/m;
const URL_FROM = new RegExp(`^\\s*url\\s*=\\s*(?:env\\(\\s*"(${VARIABLE})"\\s*\\)|("))`, 'm');

/** A Prisma schema: the provider of its data source, and the variable that holds its URL. */
export function readPrisma({ file, text }: LookedAt): Told {
  const code = text.replace(/^\s*\/\/.*$/gm, '');
  const found: Found[] = [];
  const hints: { folder: string; engine: string; weight: number }[] = [];
  for (const [, label, body = ''] of code.matchAll(DATASOURCE)) {
    const provider = PROVIDER.exec(body)?.[1] ?? '';
    const engine = engineOf(provider);
    if (engine === undefined) continue;
    const [, env, literal] = URL_FROM.exec(body) ?? [];
    // Newer ones keep the URL in prisma.config.ts, beside the folder of the schema.
    hints.push({ folder: folderOf(folderOf(file)), engine, weight: 3 });
    if (env === undefined && literal === undefined) continue;
    found.push({
      file,
      what: `datasource ${safeName(label, 'db')}, provider ${engine}`,
      engine,
      name: safeName(label, 'db'),
      fields: { connection_string: env === undefined ? { key: 'url' } : { env } },
    });
  }
  return { found, hints };
}
