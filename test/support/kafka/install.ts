import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../root.ts';

/**
 * Kafka, a worker of Kafka Connect and Debezium's connectors, as Maven Central has them (pom.xml beside this file). They
 * are kept in the user's cache, where later runs of any checkout find them.
 */

const POM = join(projectRoot, 'test', 'support', 'kafka', 'pom.xml');
const PARTS = ['worker', 'debezium', 'file'] as const;
const LIMIT_MS = 15 * 60_000;

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'headwater-tests');

/** A folder for each content of the pom: another version is another folder. */
function folder(): string {
  const version = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12);
  return join(cache, `kafka-${version}`);
}

/** The folder with `worker`, `debezium` and `file`, where it was made already. */
export function findKafka(): string | undefined {
  return existsSync(folder()) && findJava() !== undefined ? folder() : undefined;
}

/** Maven, with which they are fetched; it comes with a Java to run them. */
export function findMaven(): string | undefined {
  return findJava() === undefined ? undefined : ['/usr/bin/mvn', '/usr/local/bin/mvn'].find(existsSync);
}

export function findJava(): string | undefined {
  return ['/usr/bin/java', '/usr/local/bin/java'].find(existsSync);
}

/** Fetches all of it by Maven; a minute or less, once. @throws Error with Maven's words */
export function installKafka(maven: string): void {
  // There already, and only Java was missing.
  if (existsSync(folder())) return;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'kafka-'));
  try {
    // Maven looks for settings and modules around a pom; this one has none.
    cpSync(POM, join(work, 'pom.xml'));
    for (const part of PARTS) {
      const goal = ['-B', '-q', '-f', join(work, 'pom.xml'), `-P${part}`, 'dependency:copy-dependencies'];
      const where = [`-DoutputDirectory=${join(work, 'kafka', part)}`, '-DincludeScope=runtime'];
      execFileSync(maven, [...goal, ...where], {
        encoding: 'utf8',
        timeout: LIMIT_MS,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    }
    renameSync(join(work, 'kafka'), folder());
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
