/**
 * What files are that are no CSV, by how they begin, in hex. Sources: the formats' own specifications. Those that begin
 * with letters are told from a header that does by what has to follow.
 */
const MAGIC: readonly (readonly [begins: RegExp, what: string, fix: string])[] = [
  [/^1f8b/, 'a gzip archive', 'Unpack it (gunzip), and give the file inside.'],
  [/^425a683[1-9](314159265359|177245385090)/, 'a bzip2 archive', 'Unpack it, and give the file inside.'],
  [/^fd377a585a00/, 'an xz archive', 'Unpack it, and give the file inside.'],
  [/^28b52ffd/, 'a Zstandard archive', 'Unpack it, and give the file inside.'],
  [/^377abcaf271c/, 'a 7-Zip archive', 'Unpack it, and give the file inside.'],
  [/^d0cf11e0a1b11ae1/, 'an old Excel workbook (.xls)', 'Save the sheet as CSV UTF-8 in Excel, and give that file.'],
  [/^255044462d3[12]2e/, 'a PDF', 'Export the table as CSV, and give that file.'],
  [/^50415231(0[0-8]|1)/, 'a Parquet file', 'Export it as CSV, and give that file.'],
  [/^4f626a01/, 'an Avro file', 'Export it as CSV, and give that file.'],
  [/^53514c69746520666f726d6174203300/, 'an SQLite database', 'Export the table as CSV, and give that file.'],
  [/^89504e47/, 'a picture', 'Give the CSV file itself.'],
  [/^ffd8ff/, 'a picture', 'Give the CSV file itself.'],
];

export interface OtherContent {
  what: string;
  fix: string;
}

/** What the bytes are instead of text. */
export function otherBytes(head: Buffer): OtherContent | undefined {
  if (head.subarray(0, 4).toString('hex') === '504b0304') return zipped(head.toString('latin1'));
  const hex = head.subarray(0, 16).toString('hex');
  const found = MAGIC.find(([begins]) => begins.test(hex));
  return found && { what: found[1], fix: found[2] };
}

function zipped(text: string): OtherContent {
  const spreadsheet = { fix: 'Save the sheet as CSV UTF-8, and give that file.' };
  if (/(^|[^\w])xl\//.test(text) || text.includes('[Content_Types].xml'))
    return { what: 'an Excel workbook (.xlsx)', ...spreadsheet };
  if (text.includes('application/vnd.oasis.opendocument'))
    return { what: 'an OpenDocument spreadsheet', ...spreadsheet };
  return { what: 'a zip archive', fix: 'Unpack it, and give the file inside.' };
}

/** What the text is instead of a table. */
export function otherText(text: string): OtherContent | undefined {
  if (text.slice(0, 4096).includes('\0')) return { what: 'binary data', fix: 'Give a text file, or set encoding.' };
  const start = text.slice(0, 512).trimStart();
  if (/^<(!doctype html|html|head|body|script)\b/i.test(start))
    return {
      what: 'a web page',
      fix: 'Give the address of the file itself (its download or raw link), and credentials where it asks for a login.',
    };
  if (/^<\?xml|^<[a-z][\w:-]*[\s>]/i.test(start)) return { what: 'XML', fix: 'Export it as CSV, and give that file.' };
  if (/^(\{\s*("[^"]*"\s*:|\})|\[\s*[[{\]])/.test(start))
    return { what: 'JSON', fix: 'Use the connector rest_api for an API, or export it as CSV.' };
  return undefined;
}
