import type { HttpSession } from '../http/session.ts';
import type { Column, DiscoverQuery, StreamPage } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import type { Reply } from './channel.ts';
import { failureOf } from './judge.ts';
import { isRecord, MODERN } from './messages.ts';
import type { Peer } from './negotiate.ts';

/** A tool as its server lists it: its exact name, and the properties of its arguments. */
export interface RemoteTool {
  name: string;
  properties: Readonly<Record<string, unknown>>;
  required: ReadonlySet<string>;
}

const MOST_PAGES = 50;
const MOST_TOOLS = 5000;
const MOST_COLUMNS = 200;
const LONGEST_NAME = 128;

/** Every tool that the server lists, page by page; none is called. @throws StepFailure */
export async function listTools(
  session: HttpSession,
  { channel, revision }: Peer,
  onRefusal: (reply: Reply) => void,
  signal: AbortSignal,
): Promise<RemoteTool[]> {
  const tools = new Map<string, RemoteTool>();
  const cursors = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const reply = await channel.request('tools/list', cursor === undefined ? {} : { cursor }, signal);
    onRefusal(reply);
    const result = resultOf(session, reply, revision);
    if (!Array.isArray(result['tools'])) throw broken(session, 'its list of tools is no list');
    for (const tool of result['tools'].map(toolOf)) {
      if (!tool) throw broken(session, 'it lists a tool without a name');
      tools.set(tool.name, tool);
    }
    if (tools.size > MOST_TOOLS) throw tooMany(session, `more than ${MOST_TOOLS} tools`);
    const next = result['nextCursor'];
    // An empty cursor names no place to go on from.
    if (typeof next !== 'string' || next === '') return [...tools.values()];
    if (cursors.has(next)) throw broken(session, 'its list of tools goes in a circle');
    cursors.add(next);
    cursor = next;
  }
  throw tooMany(session, `a list of tools of more than ${MOST_PAGES} pages`);
}

function resultOf(session: HttpSession, reply: Reply, revision: string): Record<string, unknown> {
  const { rpc, status } = reply;
  if (rpc && 'result' in rpc) return rpc.result;
  const failure = failureOf(session, reply, 'tools/list');
  if (revision === MODERN || (status !== 400 && status !== 404)) throw failure;
  const details = { driver_code: `HTTP ${status}`, evidence: failure.problem.evidence ?? '' };
  throw new StepFailure('MCP_SESSION_REFUSED', { ...session.facts, what: String(status) }, details);
}

function toolOf(value: unknown): RemoteTool | undefined {
  if (!isRecord(value) || typeof value['name'] !== 'string') return undefined;
  const schema = isRecord(value['inputSchema']) ? value['inputSchema'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'].map(String) : [];
  return {
    name: value['name'],
    properties: isRecord(schema['properties']) ? schema['properties'] : {},
    required: new Set(required),
  };
}

/** Tools as streams: the server is their namespace, arguments are their columns. */
export function toolPage(
  session: HttpSession,
  { name: server }: Peer,
  tools: readonly RemoteTool[],
  { query, stream, limit, after }: DiscoverQuery,
): StreamPage {
  const namespace = session.clean(server, 100) || 'mcp';
  const sorted = distinctNames(tools, (name) => session.clean(name, LONGEST_NAME))
    .map(({ tool, name }) => ({ tool, shown: { namespace, name, kind: 'tool' } }))
    .sort((a, b) => (a.shown.name < b.shown.name ? -1 : 1));
  if (stream !== undefined) {
    const found = sorted.find(({ shown }) => stream === shown.name || stream === `${namespace}.${shown.name}`);
    return { streams: found ? [{ ...found.shown, columns: columnsOf(session, found.tool) }] : [] };
  }
  const wanted = query?.toLowerCase() ?? '';
  const rest = sorted
    .map(({ shown }) => shown)
    .filter(({ name }) => name.toLowerCase().includes(wanted) && (after === undefined || name > after.name));
  const streams = rest.slice(0, limit);
  const last = streams.at(-1);
  return { streams, ...(last && rest.length > limit ? { next: { namespace, name: last.name } } : {}) };
}

/** Names as they are shown, no two alike: some differ only in what cannot be shown, or behind what is cut off. */
function distinctNames(tools: readonly RemoteTool[], clean: (name: string) => string) {
  const used = new Set<string>();
  const lastOf = new Map<string, number>();
  // In an order of their own, so that every page gives the same; who is shown as it is keeps its name.
  const isChanged = (each: { tool: RemoteTool; own: string }) => Number(each.own !== each.tool.name);
  const ordered = tools
    .map((tool) => ({ tool, own: clean(tool.name) || 'unnamed' }))
    .sort((a, b) => isChanged(a) - isChanged(b) || (a.tool.name < b.tool.name ? -1 : 1));
  return ordered.map(({ tool, own }) => {
    let n = lastOf.get(own) ?? 1;
    let name = own;
    for (; used.has(name); name = `${own} (${n})`) n += 1;
    lastOf.set(own, n);
    used.add(name);
    return { tool, name };
  });
}

function columnsOf(session: HttpSession, { properties, required }: RemoteTool): Column[] {
  return Object.entries(properties)
    .slice(0, MOST_COLUMNS)
    .map(([name, schema]) => ({
      name: session.clean(name, 128),
      type: session.clean(typeOf(schema), 60),
      nullable: !required.has(name),
    }));
}

function typeOf(schema: unknown): string {
  const type = isRecord(schema) ? schema['type'] : undefined;
  if (Array.isArray(type)) return type.map(String).join(' | ');
  return typeof type === 'string' ? type : 'any';
}

function broken({ facts }: HttpSession, what: string): StepFailure {
  return new StepFailure('MCP_BROKEN_ANSWER', { ...facts, what });
}

function tooMany({ facts }: HttpSession, what: string): StepFailure {
  return new StepFailure('MCP_TOO_LARGE', { ...facts, what });
}
