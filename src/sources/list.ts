import { HeadwaterError } from '../errors.ts';
import { type Call, connectorFor, platformOf, type Services } from './services.ts';
import type { PlatformCode, Source, Status } from './source.ts';

export interface ListRequest {
  platform?: PlatformCode;
  connector?: string;
  status?: Status;
  tag?: string;
  query?: string;
  limit?: number;
  cursor?: string;
}

/** A source in a list: enough to choose one. */
export interface SourceSummary {
  id: string;
  name: string;
  connector: string;
  platform: PlatformCode;
  status: Status;
  last_error?: string;
}

export interface ListAnswer {
  sources: SourceSummary[];
  total?: number;
  next_cursor?: string;
}

const SHOWN_ERROR = 60;

/** A page of sources, newest first. @throws HeadwaterError INVALID_CURSOR */
export async function listSources(services: Services, request: ListRequest, call: Call): Promise<ListAnswer> {
  const { platform: code, cursor, limit = 20, connector, ...filter } = request;
  const platform = platformOf(services, code);
  const page = await platform.sources.list(call, {
    ...filter,
    ...(connector === undefined ? {} : { connector: (await connectorFor(platform, connector)).code }),
    limit,
    ...(cursor === undefined ? {} : { after: decodeCursor(cursor) }),
  });
  return {
    sources: page.sources.map(summary),
    ...(page.total === undefined ? {} : { total: page.total }),
    ...(page.next === undefined ? {} : { next_cursor: encodeCursor(page.next) }),
  };
}

function summary({ id, name, connector, platform, status, last_error }: Source): SourceSummary {
  return { id, name, connector, platform, status, ...(last_error === null ? {} : { last_error: cut(last_error) }) };
}

function cut(text: string): string {
  return text.length > SHOWN_ERROR ? `${text.slice(0, SHOWN_ERROR - 1)}…` : text;
}

/** Cursors are opaque to callers, and only what `encodeCursor` made is taken back. */
export function encodeCursor(text: string): string {
  return Buffer.from(text).toString('base64url');
}

export function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString();
  if (text !== '' && encodeCursor(text) === cursor) return text;
  throw foreignCursor();
}

export function foreignCursor(): HeadwaterError {
  return new HeadwaterError('INVALID_CURSOR', 'This cursor is not one that the list gave out.', {
    hint: 'Start again without a cursor.',
    fields: [{ field: '/cursor', message: 'is not usable' }],
  });
}
