import { closeSync, openSync } from 'node:fs';

/**
 * Makes an empty file for this user alone, where there is none: SQLite would make it readable for others. Synchronous,
 * and never a file that exists: closing any descriptor of a file drops the locks that this process has on it, those of
 * another connection as well.
 */
export function makePrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
