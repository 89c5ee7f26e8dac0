import type { Capability, Connector } from '../connectors/define-connector.ts';
import { HeadwaterError, type NextCall } from '../errors.ts';
import type { DiscoverQuery, Stream, StreamPosition, SyncAdvice } from '../probes/probe.ts';
import { askingFor } from './asking.ts';
import { destinationFacts } from './destination.ts';
import { freshOrRefused } from './fresh-source.ts';
import { configWarnings } from './inline-secrets.ts';
import { decodeCursor, encodeCursor, foreignCursor } from './list.ts';
import { reading } from './probing.ts';
import { type Call, connectorFor, offer, platformOf, type Services, storedSource } from './services.ts';
import { refusePaused } from './test.ts';
import { withCredentials } from './with-credentials.ts';

export interface DiscoverRequest {
  source_id?: string;
  connector?: string;
  config?: Readonly<Record<string, unknown>>;
  query?: string;
  stream?: string;
  /** Also how to sync each. */
  advice?: boolean;
  limit?: number;
  cursor?: string;
}

export interface DiscoverAnswer {
  streams: readonly Stream[];
  next_cursor?: string;
  warnings?: string[];
  next: NextCall[];
}

const STREAMS = 50;
/** An advice is much longer than a name. */
const ADVISED_STREAMS = 20;

/**
 * What can be read from a source, a page at a time; columns only of a named stream.
 * @throws HeadwaterError CONNECTION_FAILED with the report, STREAM_NOT_FOUND, INVALID_CURSOR, SOURCE_PAUSED
 */
export async function discoverSource(
  services: Services,
  request: DiscoverRequest,
  call: Call,
): Promise<DiscoverAnswer> {
  const { connector, config, warnings } = await subject(services, request, call);
  refuseIncapable(connector, 'discover');
  const isAdvised = request.advice === true;
  const limit = request.limit ?? (isAdvised ? ADVISED_STREAMS : STREAMS);
  const query = pageQuery(request, limit);
  const page = await reading(services, connector, config, call, async (session) => {
    const found = await session.discover(query);
    if (!isAdvised) return found;
    const advices = (await session.advise?.(found.streams)) ?? [];
    const hasNone = advices.length === 0 && (session.advise === undefined || found.streams.length > 0);
    if (hasNone) warnings.push(`${connector.name} has no advice on how to sync its streams.`);
    return { ...found, streams: found.streams.map((stream, i) => withAdvice(stream, advices[i])) };
  });
  const [first] = page.streams;
  if (request.stream !== undefined && !first) throw noStream(request.stream, request.source_id);
  return {
    streams: page.streams,
    ...(page.next ? { next_cursor: encodeCursor(JSON.stringify([page.next.namespace, page.next.name])) } : {}),
    ...(warnings.length > 0 ? { warnings } : {}),
    next:
      first && request.source_id !== undefined && connector.capabilities.includes('preview')
        ? offer(services, {
            tool: 'preview_source',
            arguments: { source_id: request.source_id, stream: `${first.namespace}.${first.name}` },
            why: 'See a few rows.',
          })
        : [],
  };
}

function withAdvice(stream: Stream, advice: SyncAdvice | undefined): Stream {
  return advice ? { ...stream, advice } : stream;
}

async function subject(services: Services, request: DiscoverRequest, call: Call) {
  if (request.source_id !== undefined) {
    const found = await storedSource(services, request.source_id, call);
    refusePaused(services, found.source);
    const stored = await freshOrRefused(services, found, call);
    return { connector: stored.connector, config: await stored.config(), warnings: [] };
  }
  const platform = platformOf(services, undefined);
  const connector = await connectorFor(platform, request.connector ?? '', request.config);
  call.trail.concerns(connector);
  const asked = askingFor(services, platform, connector, request.config ?? {});
  const { config, handed } = await withCredentials(services, platform, connector, asked, call);
  call.trail.note({ destination_after: destinationFacts(connector, config) });
  return { connector, config, warnings: configWarnings(services, config, handed) };
}

function pageQuery({ query, stream, cursor }: DiscoverRequest, limit: number): DiscoverQuery {
  return {
    limit,
    ...(query === undefined ? {} : { query }),
    ...(stream === undefined ? {} : { stream }),
    ...(cursor === undefined ? {} : { after: afterOf(decodeCursor(cursor)) }),
  };
}

function afterOf(text: string): StreamPosition {
  try {
    const [namespace, name] = JSON.parse(text) as unknown[];
    if (typeof namespace === 'string' && typeof name === 'string') return { namespace, name };
  } catch {
    // falls through: not one of ours
  }
  throw foreignCursor();
}

/** @throws HeadwaterError UNSUPPORTED where the connector cannot do this */
export function refuseIncapable(connector: Connector, capability: Capability): void {
  if (connector.capabilities.includes(capability)) return;
  throw new HeadwaterError('UNSUPPORTED', `The connector ${connector.name} has nothing to ${capability}.`, {
    hint: `It can: ${connector.capabilities.join(', ')}.`,
  });
}

export function noStream(stream: string, sourceId: string | undefined): HeadwaterError {
  return new HeadwaterError(
    'STREAM_NOT_FOUND',
    `There is no stream ${JSON.stringify(stream.slice(0, 140))} that this user may read.`,
    {
      hint: 'Streams are named NAMESPACE.NAME, as discover_source lists them; case matters.',
      fields: [{ field: '/stream', message: 'is not known' }],
      ...(sourceId === undefined
        ? {}
        : {
            next: [
              { tool: 'discover_source', arguments: { source_id: sourceId }, why: 'See which streams there are.' },
            ],
          }),
    },
  );
}
