import type { ProblemKind } from './kind.ts';

/** Files, and the tables in them. */
export const FILE_PROBLEMS = {
  FILE_REFUSED: {
    actor: 'user',
    roles: ['path'],
    says: () => 'This path is not in a folder that Headwater may read',
    fix: ({ what }) =>
      what
        ? `Give a file under ${what}; a person who operates Headwater can open other folders with HEADWATER_FILE_ROOTS.`
        : 'A person who operates Headwater must name the folder in HEADWATER_FILE_ROOTS; it is empty, so no file may be read.',
  },
  FILE_NOT_FOUND: {
    actor: 'user',
    roles: ['path'],
    says: ({ what }) => `There is no file ${what}`,
    fix: () => 'Check the spelling of the path, upper and lower case included, on the machine that runs Headwater.',
  },
  FILE_NOT_REGULAR: {
    actor: 'user',
    roles: ['path'],
    says: ({ what }) => `${what} is not a file`,
    fix: () => 'Give the path of one file, not of a folder, a pipe or a device.',
  },
  FILE_UNREADABLE: {
    actor: 'user',
    roles: ['path'],
    says: ({ what }) => `${what} is there, and may not be read`,
    fix: () => 'Give the user that runs Headwater the right to read it.',
  },
  FILE_SLOW: {
    actor: 'vendor',
    retryable: true,
    roles: ['url', 'path'],
    says: () => 'The file arrives too slowly to be looked at',
    fix: () => 'Test again; if it stays, look at the server or the disk that it comes from.',
  },
  REDIRECT_REFUSED: {
    actor: 'user',
    roles: ['url'],
    says: ({ what }) => `The address redirects, and the redirect is not followed: ${what}`,
    fix: () => 'Give the final address of the file as url, if it is one that Headwater may reach.',
  },
  FILE_EMPTY: {
    actor: 'user',
    roles: ['path', 'url'],
    says: () => 'The file is empty',
    fix: () => 'Check that it is the file you mean, and that whatever writes it has finished.',
  },
  FILE_NOT_CSV: {
    actor: 'user',
    roles: ['path', 'url'],
    says: ({ what }) => `This is ${what}, not CSV`,
    fix: ({ fix }) => fix || 'Give a CSV file.',
  },
  FILE_KIND_UNKNOWN: {
    actor: 'user',
    says: ({ what }) => `The name ${what} does not say what kind of file it is`,
    fix: () => 'Give a filename with its ending: csv, tsv, xls, xlsx, sqlite, db, sqlite3 or parquet.',
  },
  FILE_NOT_AS_NAMED: {
    actor: 'user',
    says: ({ what }) => `The file is not what its name says: ${what}`,
    fix: () => 'Give the address of the file itself (its download or raw link), and a filename whose ending is right.',
  },
  CSV_ENCODING: {
    actor: 'user',
    says: ({ what }) => `The text is not in the encoding it seemed to be in: ${what}`,
    fix: () => 'Set encoding to the one it was written in (windows-1252 for most old exports), or write it as UTF-8.',
  },
  CSV_DELIMITER: {
    actor: 'user',
    says: ({ what }) => `With this delimiter there is one column: ${what}`,
    fix: () => 'Change delimiter, or leave it out so that it is found out.',
  },
  CSV_TOO_WIDE: {
    actor: 'user',
    says: ({ what }) => `A row has ${what} columns, more than are read`,
    fix: () => 'Check delimiter; a table this wide must be split first.',
  },
  CSV_RAGGED: {
    actor: 'user',
    says: ({ what }) => `Not all rows have the same number of columns: ${what}`,
    fix: () => 'Look at those lines: a cell that holds the delimiter needs quotes. Check delimiter and quote.',
  },
  CSV_STRAY_QUOTE: {
    actor: 'user',
    says: ({ what }) => `Something stands behind a closing quote: ${what}`,
    fix: () => 'Look at those lines: a quote inside quotes is written twice (""). Check quote.',
  },
  CSV_UNCLOSED_QUOTE: {
    actor: 'user',
    says: ({ what }) => `A quote is left open: the one on line ${what}`,
    fix: () => 'Close it there, or set quote to none if quotes are ordinary characters in this file.',
  },
  CSV_ROW_TOO_LONG: {
    actor: 'user',
    says: ({ what }) => `A row is too long: the one that begins on line ${what}`,
    fix: () => 'Check that this is a CSV file, with line ends.',
  },
  CSV_COUNT_PARTIAL: {
    actor: 'user',
    says: ({ what }) => `The file is larger than a test reads: it has at least ${what} rows`,
    fix: () => 'Nothing is wrong: a test counts for four seconds at the most.',
  },
  FILE_STALLED: {
    actor: 'vendor',
    retryable: true,
    roles: ['url', 'path'],
    says: ({ what }) => `The file stopped arriving before its end: it has at least ${what} rows`,
    fix: () => 'Test again; if it stays, look at the server or the disk that it comes from.',
  },
} as const satisfies Record<string, ProblemKind>;
