import { type ErrorDetails, HeadwaterError } from '../errors.ts';

interface Remedy extends Pick<ErrorDetails, 'retry_after_ms'> {
  /** What SQLite, libsql and Node call it: a code, or the beginning of one. The longest that fits wins. */
  codes: readonly string[];
  message: string;
  hint: string;
  retryable: boolean;
}

const REMEDIES: readonly Remedy[] = [
  {
    codes: ['SQLITE_BUSY', 'SQLITE_LOCKED'],
    message: 'The store is busy: another process has held it for seconds.',
    hint: 'Try again in a moment. If it stays so, another Headwater process hangs, and a person must end it.',
    retryable: true,
    retry_after_ms: 1_000,
  },
  {
    codes: ['SQLITE_READONLY_DBMOVED'],
    message: 'The store file was moved, replaced or deleted while it was open.',
    hint: 'Try again: Headwater opens the file that is there now.',
    retryable: true,
  },
  {
    codes: ['SQLITE_FULL', 'ENOSPC', 'EDQUOT'],
    message: 'The disk that holds the store is full.',
    hint: 'A person must make room on the disk of HEADWATER_HOME. Nothing was stored.',
    retryable: false,
  },
  {
    codes: ['SQLITE_READONLY', 'EROFS'],
    message: 'The store cannot be written: the file or its folder is read-only.',
    hint: 'A person must make HEADWATER_HOME writable for the user that runs Headwater, or set it to a folder that is.',
    retryable: false,
  },
  {
    codes: ['SQLITE_CANTOPEN', 'SQLITE_PERM', 'SQLITE_AUTH', 'EACCES', 'EPERM'],
    message: 'The store cannot be opened: the user that runs Headwater may not use the file or its folder.',
    hint: 'A person must give that user the rights to HEADWATER_HOME and what is in it, or set it to another folder.',
    retryable: false,
  },
  {
    codes: ['ENOTDIR', 'EEXIST', 'EISDIR', 'ENOENT', 'ELOOP', 'ENAMETOOLONG', 'EINVAL'],
    message: 'The store cannot be opened: HEADWATER_HOME is not a folder, or headwater.db in it is not a file.',
    hint: 'A person must set HEADWATER_HOME to a folder (it is made where it is missing), or move away what is in its place.',
    retryable: false,
  },
  {
    codes: ['SQLITE_CORRUPT', 'SQLITE_NOTADB'],
    message: 'The store file is damaged, or is no store of Headwater.',
    hint: 'A person must restore headwater.db in HEADWATER_HOME from a backup, or move it away to start with an empty store.',
    retryable: false,
  },
  {
    codes: ['SQLITE_IOERR', 'SQLITE_NOMEM', 'SQLITE_PROTOCOL', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM'],
    message: 'The system failed to read or write the store file.',
    hint: 'Try again. If it stays so, a person must check the disk of HEADWATER_HOME and the limits of the process.',
    retryable: true,
  },
  {
    codes: ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED'],
    message: 'The embedded database (libsql) cannot be loaded on this system.',
    hint: 'A person must reinstall headwater-mcp without `--omit=optional`: the database comes as an optional package for each system.',
    retryable: false,
  },
];

/** What a failure of the store is to a caller. A fault of ours comes back as it is. */
export function storeFailure(error: unknown): unknown {
  if (error instanceof HeadwaterError) return error;
  const remedy = remedyFor(codeOf(error));
  if (remedy === undefined) return error;
  const { codes: _, message, ...details } = remedy;
  return new HeadwaterError('STORE_UNAVAILABLE', message, { ...details, cause: error });
}

/** True where another process had the store locked. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(codeOf(error) ?? '');
}

/** True where the file is no database, or no longer one. */
export function isDamage(error: unknown): boolean {
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error) ?? '')) return true;
  // A file that was emptied while it was open is a good one to SQLite, with nothing in it.
  return codeOf(error) === 'SQLITE_ERROR' && error instanceof Error && /no such table/.test(error.message);
}

/** A store that was shut down with its app. */
export function closedStore(): HeadwaterError {
  return new HeadwaterError('STORE_UNAVAILABLE', 'Headwater is shutting down.', { retryable: true });
}

function remedyFor(code: string | undefined): Remedy | undefined {
  if (code === undefined) return undefined;
  return (
    REMEDIES.find(({ codes }) => codes.includes(code)) ??
    REMEDIES.find(({ codes }) => codes.some((known) => code.startsWith(`${known}_`)))
  );
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  // libsql gives no code where it could not open the file at all.
  if (error.message.startsWith('ConnectionFailed(')) return 'SQLITE_CANTOPEN';
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
