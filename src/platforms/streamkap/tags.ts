import { HeadwaterError } from '../../errors.ts';
import type { ApiClient } from '../../net/api-client.ts';
import { strip } from '../../secrets/redact.ts';
import type { VendorCall } from '../remote/vendor.ts';
import { isRecord, read } from './answers.ts';

const ID = /^[0-9a-f]{24}$/i;
const MOST_NAMED = 20;

/** Tags by id or by name, as ids. None is made. @throws HeadwaterError INVALID_ARGUMENTS for one that is not there */
export async function tagIds(
  client: Pick<ApiClient, 'send'>,
  tags: readonly string[],
  call: Pick<VendorCall, 'signal'>,
  fieldOf = (at: number) => `/tags/${at}`,
): Promise<readonly string[]> {
  if (tags.every((tag) => ID.test(tag))) return tags;
  const known = tagsIn((await read(client, { method: 'GET', path: '/tags' }, call))?.json);
  const found = tags.map((tag) => (ID.test(tag) ? tag : idOf(tag, known)));
  const fields = found.flatMap((id, at) =>
    id === undefined ? [{ field: fieldOf(at), message: 'is no tag at Streamkap' }] : [],
  );
  if (fields.length === 0) return found.filter((id) => id !== undefined);
  const names = known.map(({ name }) => name).slice(0, MOST_NAMED);
  throw new HeadwaterError('INVALID_ARGUMENTS', 'A tag is not there. Headwater makes none at Streamkap.', {
    fields,
    hint:
      names.length > 0 ? `There are: ${names.join(', ')}.` : 'There are none yet: somebody makes them at Streamkap.',
  });
}

interface Tag {
  id: string;
  name: string;
}

function idOf(wanted: string, known: readonly Tag[]): string | undefined {
  const exact = known.find(({ id, name }) => id === wanted || name === wanted);
  return (exact ?? known.find(({ name }) => name.toLowerCase() === wanted.toLowerCase()))?.id;
}

function tagsIn(json: unknown): Tag[] {
  const list = isRecord(json) ? (json['tags'] ?? json['result']) : json;
  if (!Array.isArray(list)) return [];
  return list.flatMap((each) => {
    if (!isRecord(each) || typeof each['id'] !== 'string' || typeof each['name'] !== 'string') return [];
    return [{ id: each['id'], name: strip(each['name']).slice(0, 100) }];
  });
}
