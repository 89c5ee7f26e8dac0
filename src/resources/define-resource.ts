import { type McpServer, ResourceNotFoundError, ResourceTemplate } from '@modelcontextprotocol/server';
import { HeadwaterError } from '../errors.ts';
import type { Caller } from '../sources/audit.ts';
import type { Call, Services } from '../sources/services.ts';
import { audited, createTrail } from '../sources/trail.ts';

export interface ResourceContext {
  services: Services;
  call: Call;
}

interface Shared {
  name: string;
  title: string;
  description: string;
  /** How long a client may keep what it read, ms; `public`: the same for everybody. */
  cache: { ttlMs: number; cacheScope: 'public' | 'private' };
}

/** A resource at one URI. */
export interface FixedResource extends Shared {
  uri: string;
  read: (context: ResourceContext) => unknown;
}

type Completion = (
  value: string,
  context: ResourceContext,
  known: Readonly<Record<string, string>>,
) => readonly string[] | Promise<readonly string[]>;

/** Resources of one form; every variable of the template completes. */
export interface TemplateResource extends Shared {
  template: string;
  complete: Readonly<Record<string, Completion>>;
  read: (context: ResourceContext, variables: Readonly<Record<string, string>>) => unknown;
}

export type ResourceDefinition = FixedResource | TemplateResource;

export function defineResource(definition: FixedResource): FixedResource {
  return definition;
}

export function defineTemplate(definition: TemplateResource): TemplateResource {
  return definition;
}

/** What the audit trail calls it. */
const READ = 'read_resource';
/** The SDK answers with at most this many completions. */
const MOST_COMPLETIONS = 100;

export function registerResource(
  server: McpServer,
  definition: ResourceDefinition,
  host: Caller & { services: Services },
): void {
  const { name, title, description, cache } = definition;
  const config = { title, description, mimeType: 'application/json', cacheHint: cache };
  const withSignal = (signal: AbortSignal): ResourceContext => ({
    services: host.services,
    call: { principal: host.principal, trail: createTrail(host, READ, host.services.now), signal },
  });
  const audit = (context: ResourceContext, read: (context: ResourceContext) => unknown) =>
    audited(host.services.keepEntry, context.call.trail, { acts: false }, () => read(context));
  if ('uri' in definition) {
    server.registerResource(name, definition.uri, config, async (uri, sdk) =>
      contents(uri, () => audit(withSignal(sdk.mcpReq.signal), definition.read)),
    );
    return;
  }
  const complete = Object.fromEntries(
    Object.entries(definition.complete).map(([variable, candidates]) => [
      variable,
      async (value: string, others?: { arguments?: Record<string, string> }) => {
        const all = await candidates(value, withSignal(new AbortController().signal), others?.arguments ?? {});
        return all
          .filter((candidate) => candidate.toLowerCase().startsWith(value.toLowerCase()))
          .slice(0, MOST_COMPLETIONS);
      },
    ]),
  );
  server.registerResource(
    name,
    new ResourceTemplate(definition.template, { list: undefined, complete }),
    config,
    async (uri, variables, sdk) =>
      contents(uri, () =>
        audit(withSignal(sdk.mcpReq.signal), (context) => definition.read(context, decoded(variables))),
      ),
  );
}

function decoded(variables: Readonly<Record<string, string | string[]>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, decodeURIComponent(String(value))]),
  );
}

async function contents(uri: URL, read: () => unknown) {
  try {
    return { contents: [{ uri: uri.href, mimeType: 'application/json', text: JSON.stringify(await read()) }] };
  } catch (error) {
    if (error instanceof HeadwaterError) throw new ResourceNotFoundError(uri.href, error.message);
    // A URI may hold escapes that are none.
    if (error instanceof URIError) throw new ResourceNotFoundError(uri.href);
    throw error;
  }
}

/**
 * Tells the client when a resource it can see has changed. 2025-era clients hear only of what they subscribed to; for
 * 2026-07-28 the SDK's listen streams do the choosing. `onChange` answers with what stops it.
 */
export function serveSubscriptions(
  { server }: McpServer,
  onChange: (changed: (uri: string) => void) => () => void,
): void {
  const subscribed = new Set<string>();
  server.setRequestHandler('resources/subscribe', ({ params }) => {
    subscribed.add(params.uri);
    return {};
  });
  server.setRequestHandler('resources/unsubscribe', ({ params }) => {
    subscribed.delete(params.uri);
    return {};
  });
  // Revisions are dates, so the order of the texts is theirs.
  const choosesItself = () => (server.getNegotiatedProtocolVersion() ?? '') >= '2026-07-28';
  server.onclose = onChange((uri) => {
    if (choosesItself() || subscribed.has(uri)) server.sendResourceUpdated({ uri }).catch(() => {});
  });
}
