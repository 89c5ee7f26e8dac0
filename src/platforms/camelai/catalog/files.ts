import type { ConfigFault } from '../../../connectors/define-connector.ts';
import { KEPT } from '../../../connectors/fields.ts';
import { urlText } from '../../../connectors/http-fields.ts';
import { isObject } from '../../../connectors/paths.ts';
import type { FileUrl } from '../../../probes/file-url/index.ts';
import { FILE_ENDINGS, kindByName } from '../../../probes/file-url/kinds.ts';
import { Secret } from '../../../secrets/secret.ts';
import { secretJson } from '../../../secrets/secret-json.ts';

/** The list of files of a connection of type FILE. Sources: camelAI, "Add connection" and its page on uploads. */

export function filesOf(value: unknown): FileUrl[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item) =>
    isObject(item) && typeof item['url'] === 'string' && typeof item['filename'] === 'string'
      ? [{ url: item['url'], filename: item['filename'] }]
      : [],
  );
}

/** As it is sent; what stands for a secret that may not be seen stays as it is. */
export function signedFiles(value: unknown): unknown {
  return value instanceof Secret ? secretJson(value) : value;
}

const LONGEST_NAME = 255;

export function fileFaults({ file_urls: files, signed_file_urls: signed }: Readonly<Record<string, unknown>>) {
  if (typeof signed === 'string' && signed !== KEPT && !signed.startsWith('${')) return signedFaults(signed);
  return Array.isArray(files) ? files.flatMap((item, at) => itemFaults(item, `file_urls/${at}`, true)) : [];
}

function signedFaults(text: string): ConfigFault[] {
  const path = 'signed_file_urls';
  const value: unknown = parsed(text);
  if (!Array.isArray(value) || value.length === 0)
    return [{ path, message: 'must be the JSON text of a list of {"url", "filename"}' }];
  const [fault] = value.flatMap((item) => itemFaults(item, path, false));
  return fault ? [{ path, message: `holds a file that cannot be used: ${fault.message}` }] : [];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function itemFaults(item: unknown, at: string, isOpen: boolean): ConfigFault[] {
  if (!isObject(item)) return [{ path: at, message: 'must be an object with url and filename' }];
  const { url, filename, ...more } = item;
  return [
    ...Object.keys(more).map((name) => ({ path: `${at}/${name.slice(0, 60)}`, message: 'is not known here' })),
    ...urlFaultsOf(url, `${at}/url`, isOpen),
    ...nameFaults(filename, `${at}/filename`),
  ];
}

function urlFaultsOf(url: unknown, path: string, isOpen: boolean): ConfigFault[] {
  if (typeof url !== 'string' || url === '') return [{ path, message: 'is required: the link of the file' }];
  const message = urlText().safeParse(url).error?.issues[0]?.message;
  if (message === undefined) return [];
  if (!/in its query/.test(message)) return [{ path, message }];
  const way = 'holds a signature in its query, where it would be shown: give the list as JSON text in signed_file_urls';
  return isOpen ? [{ path, message: way }] : [];
}

function nameFaults(name: unknown, path: string): ConfigFault[] {
  if (typeof name !== 'string' || name.trim() === '' || name.length > LONGEST_NAME)
    return [{ path, message: 'is required: the name of the file, with its ending' }];
  if (kindByName(name) !== undefined) return [];
  return [{ path, message: `must end in ${FILE_ENDINGS.map((ending) => `.${ending}`).join(', ')}` }];
}
