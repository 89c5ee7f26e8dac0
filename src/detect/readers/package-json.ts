import { folderOf, type LookedAt, NOTHING, type Told } from '../found.ts';

/** Drivers, and what they connect to. */
const DRIVERS: Readonly<Record<string, string>> = {
  pg: 'postgresql',
  'pg-promise': 'postgresql',
  postgres: 'postgresql',
  '@neondatabase/serverless': 'postgresql',
  '@vercel/postgres': 'postgresql',
  mysql: 'mysql',
  mysql2: 'mysql',
  '@planetscale/database': 'mysql',
  mariadb: 'mariadb',
  mongodb: 'mongodb',
  mongoose: 'mongodb',
  mssql: 'sqlserver',
  tedious: 'sqlserver',
  oracledb: 'oracle',
};

/** Which drivers a project depends on: what its variables are for, where their names do not say. */
export function readPackageJson({ file, text }: LookedAt): Told {
  const names = dependenciesOf(text);
  const engines = new Set(names.flatMap((name) => (Object.hasOwn(DRIVERS, name) ? [DRIVERS[name] ?? ''] : [])));
  const folder = folderOf(file);
  return { ...NOTHING, hints: [...engines].map((engine) => ({ folder, engine, weight: 2 })) };
}

function dependenciesOf(text: string): string[] {
  try {
    const { dependencies, devDependencies } = JSON.parse(text) as Record<string, unknown>;
    return [dependencies, devDependencies].flatMap((each) =>
      typeof each === 'object' && each !== null ? Object.keys(each) : [],
    );
  } catch {
    return [];
  }
}
