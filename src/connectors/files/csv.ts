import { defineConnector } from '../define-connector.ts';
import { tlsCa } from '../fields.ts';
import { filePath, optionalText, tableSetting } from '../file-fields.ts';
import { HTTP_AUTH, headers, optionalUrl } from '../http-fields.ts';

export const csv = defineConnector({
  code: 'csv',
  name: 'CSV file',
  category: 'file',
  aliases: ['tsv', 'delimited', 'csv_url', 'delimited_file', 'tab_separated_values'],
  keywords: ['spreadsheet', 'excel', 'text file', 'flat file', 'comma separated values', 'semicolon'],
  docsUrl: 'https://www.rfc-editor.org/rfc/rfc4180',
  fields: {
    path: filePath(
      'A file on the machine that runs Headwater, in a folder its operator opened (HEADWATER_FILE_ROOTS).',
    ),
    url: optionalUrl('Instead of path: where the file is downloaded from.', 'https://data.example.com/sales.csv'),
    delimiter: optionalText({
      title: 'Delimiter',
      description: 'One character, or tab, comma, semicolon, pipe, space. Left out: found out.',
      fits: /^([\x20\x21\x23-\x26\x28-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e\t]|\\t|tab|comma|semicolon|pipe|space)$/i,
      error: 'must be one ASCII sign, or tab, comma, semicolon, pipe or space',
    }),
    quote: tableSetting('Quote', 'What encloses cells that hold the delimiter. Left out: found out.', [
      '"',
      "'",
      'none',
    ]),
    encoding: tableSetting('Encoding', 'Left out: found out. A byte order mark in the file decides in any case.', [
      'utf-8',
      'utf-16le',
      'windows-1252',
      'latin1',
    ]),
    header: tableSetting('Header', 'Whether the first row names the columns. Left out or auto: found out.', [
      'auto',
      'yes',
      'no',
    ]),
    headers: headers(),
    tls_ca: tlsCa(),
  },
  auth: HTTP_AUTH,
  alternatives: { path: [], url: ['auth', 'headers', 'tls_ca'] },
  capabilities: ['test', 'discover', 'preview'],
  prerequisites: [
    'The path of the file, in a folder that HEADWATER_FILE_ROOTS names, or the address it is downloaded from.',
    'For an address behind a login: credentials, and which way they go.',
  ],
  example: { url: 'https://data.example.com/sales.csv' },
  probe: async () => (await import('../../probes/csv/index.ts')).csvProbe,
});
