import { HeadwaterError } from '../../errors.ts';
import type { Secret } from '../../secrets/secret.ts';
import type { FileUrl } from './index.ts';

/** A list of files that was given as a secret. @throws HeadwaterError INVALID_CONFIG, never quoting it */
export function filesIn(secret: Secret): FileUrl[] {
  const list = parsed(secret.reveal());
  const files = Array.isArray(list) ? list.filter(isFile) : [];
  if (files.length > 0 && files.length === (list as unknown[]).length) return files;
  throw new HeadwaterError(
    'INVALID_CONFIG',
    'signed_file_urls is not the JSON text of a list of {"url", "filename"}.',
    {
      fields: [{ field: '/config/signed_file_urls', message: 'must be a list of objects with url and filename' }],
    },
  );
}

function isFile(value: unknown): value is FileUrl {
  return (
    typeof value === 'object' &&
    value !== null &&
    'url' in value &&
    'filename' in value &&
    typeof value.filename === 'string' &&
    typeof value.url === 'string' &&
    /^https?:\/\//i.test(value.url) &&
    URL.canParse(value.url)
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
