import type { HttpSession } from '../http/session.ts';
import { withPatience } from '../patience.ts';
import { StepFailure } from '../problems/index.ts';
import { isRefusal } from './challenge.ts';
import type { Channel, Reply, Transport } from './channel.ts';
import { EventStreamChannel, openEventStream } from './event-stream.ts';
import { failureOf } from './judge.ts';
import { INITIALIZE, isRecord, MODERN, SERVER_INFO, WITH_HANDSHAKE } from './messages.ts';
import { StreamableChannel } from './streamable.ts';

/** A server that has told who it is and agreed on a revision. */
export interface Peer {
  channel: Channel;
  revision: string;
  /** In the server's words, not cleaned. */
  name: string;
  version: string;
  hasTools: boolean;
}

/** What came of an approach: a server, a demand for credentials, or a failure. */
export type Approach = { peer: Peer } | { refused: Reply } | { failure: StepFailure; mayBeOlder: boolean };

const UNSUPPORTED_REVISION = -32022;
const DISCOVER_MS = 3000;

/**
 * Finds out how a server speaks: 2026-07-28 first, then the revisions that begin with `initialize`, then the old
 * transport, as the specification tells clients to. A transport that was chosen is tried first and has to be right.
 * @throws StepFailure
 */
export async function negotiate(
  session: HttpSession,
  chosen: Transport | 'auto',
  withCredentials: boolean,
  signal: AbortSignal,
): Promise<Exclude<Approach, { failure: StepFailure }>> {
  const ways = {
    streamable_http: () => overStreamable(session, withCredentials, signal),
    sse: () => overEventStream(session, withCredentials, signal),
  };
  const [first, second] =
    chosen === 'sse' ? (['sse', 'streamable_http'] as const) : (['streamable_http', 'sse'] as const);
  const found = await ways[first]();
  if (!('failure' in found)) return found;
  if (!found.mayBeOlder) throw found.failure;
  // What the second way says matters only where it is right.
  const other = await ways[second]().catch((error: unknown) => {
    if (error instanceof StepFailure && error.problem.code !== 'MCP_FOREIGN_ENDPOINT') throw found.failure;
    throw error;
  });
  if ('failure' in other) throw found.failure;
  if (chosen === 'auto') return other;
  if ('refused' in other) throw found.failure;
  await other.peer.channel.end(signal);
  throw new StepFailure('MCP_WRONG_TRANSPORT', { ...session.facts, what: second });
}

async function overStreamable(session: HttpSession, withCredentials: boolean, signal: AbortSignal): Promise<Approach> {
  const modern = new StreamableChannel(session, withCredentials);
  modern.revision = MODERN;
  // Servers of older revisions may leave a question that they do not know without an answer.
  const discovered = await withPatience(DISCOVER_MS, signal, (patient) =>
    modern.request('server/discover', {}, patient),
  );
  if (discovered && isRefusal(discovered)) return { refused: discovered };
  const peer = discovered && modernPeer(modern, discovered);
  if (peer) return { peer };
  if (discovered && isFinal(discovered)) return failed(session, discovered, 'server/discover', false);

  const classic = new StreamableChannel(session, withCredentials);
  const initialized = await classic.request('initialize', INITIALIZE, signal);
  if (isRefusal(initialized)) return { refused: initialized };
  const offered = discovered && offeredRevisions(discovered);
  if (offered !== undefined && !(initialized.rpc && 'result' in initialized.rpc))
    return { failure: noCommonRevision(session, offered), mayBeOlder: false };
  return await handshake(session, classic, initialized, signal);
}

async function overEventStream(session: HttpSession, withCredentials: boolean, signal: AbortSignal): Promise<Approach> {
  const channel = await openEventStream(session, withCredentials, signal);
  if (channel instanceof EventStreamChannel) {
    const initialized = await channel.request('initialize', INITIALIZE, signal);
    return isRefusal(initialized) ? { refused: initialized } : await handshake(session, channel, initialized, signal);
  }
  if (channel && isRefusal(channel)) return { refused: channel };
  if (channel) return failed(session, channel, 'the stream', !isFinal(channel));
  const what = 'its stream names no address for messages, so it is not of the HTTP+SSE transport';
  return { failure: new StepFailure('MCP_NOT_MCP', { ...session.facts, what }), mayBeOlder: true };
}

/** Redirects and limits mean the same whatever was asked. */
function isFinal({ status }: Reply): boolean {
  return (status >= 300 && status < 400) || status === 429;
}

function failed(session: HttpSession, reply: Reply, method: string, mayBeOlder: boolean): Approach {
  return { failure: failureOf(session, reply, method), mayBeOlder };
}

function modernPeer(channel: Channel, { rpc }: Reply): Peer | undefined {
  if (!rpc || !('result' in rpc)) return undefined;
  const { supportedVersions, capabilities, _meta } = rpc.result;
  if (!Array.isArray(supportedVersions) || !supportedVersions.includes(MODERN)) return undefined;
  const info = isRecord(_meta) ? _meta[SERVER_INFO] : undefined;
  return { channel, revision: MODERN, ...named(info ?? rpc.result['serverInfo']), hasTools: toolsIn(capabilities) };
}

async function handshake(session: HttpSession, channel: Channel, reply: Reply, signal: AbortSignal): Promise<Approach> {
  const { rpc, status } = reply;
  if (!rpc || 'error' in rpc) return failed(session, reply, 'initialize', status >= 400 && !isFinal(reply));
  const { protocolVersion, capabilities, serverInfo } = rpc.result;
  if (typeof protocolVersion !== 'string') {
    const what = 'its answer to initialize names no revision';
    return { failure: new StepFailure('MCP_BROKEN_ANSWER', { ...session.facts, what }), mayBeOlder: false };
  }
  if (!WITH_HANDSHAKE.some((known) => known === protocolVersion))
    return { failure: noCommonRevision(session, [protocolVersion]), mayBeOlder: false };
  channel.revision = protocolVersion;
  await channel.notify('notifications/initialized', signal);
  return { peer: { channel, revision: protocolVersion, ...named(serverInfo), hasTools: toolsIn(capabilities) } };
}

function offeredRevisions({ rpc }: Reply): string[] | undefined {
  if (!rpc || !('error' in rpc) || rpc.error.code !== UNSUPPORTED_REVISION) return undefined;
  const supported = isRecord(rpc.error.data) ? rpc.error.data['supported'] : undefined;
  return Array.isArray(supported) ? supported.map(String) : [];
}

function noCommonRevision(session: HttpSession, offered: readonly string[]): StepFailure {
  return new StepFailure('MCP_VERSION', {
    ...session.facts,
    what: session.clean(offered.slice(0, 8).join(', '), 120) || 'it names none',
  });
}

function named(info: unknown): { name: string; version: string } {
  const text = (key: string) => (isRecord(info) && typeof info[key] === 'string' ? info[key] : '');
  return { name: text('name'), version: text('version') };
}

function toolsIn(capabilities: unknown): boolean {
  return isRecord(capabilities) && isRecord(capabilities['tools']);
}
