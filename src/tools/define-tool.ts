import type {
  CallToolResult,
  InputRequiredResult,
  McpServer,
  RequestStateCodec,
  ServerContext,
  StandardSchemaWithJSON,
} from '@modelcontextprotocol/server';
import type { z } from 'zod';
import { type ErrorCode, HeadwaterError } from '../errors.ts';
import { inputFault } from '../issues.ts';
import type { Log } from '../log.ts';
import type { Caller } from '../sources/audit.ts';
import type { PrincipalRole } from '../sources/principal.ts';
import type { Call, Services } from '../sources/services.ts';
import { audited, createTrail } from '../sources/trail.ts';
import { type Consent, type Person, personBehind, QuestionForPerson } from './define-questions.ts';
import { COMMON_ERRORS } from './error-sets.ts';
import { invalidArguments, jsonSchema, once } from './tool-schema.ts';

/** What a handler gets besides its arguments. */
export interface ToolContext {
  services: Services;
  call: Call;
  person: Person;
}

/** A tool as data. `errors`: the codes its handler can end with, besides those every tool can. */
export interface ToolDefinition<I extends z.ZodObject, O extends z.ZodObject> {
  name: string;
  title: string;
  /** When to use it, what comes next; at most 400 characters. */
  description: string;
  input: I;
  output: O;
  /** Who may call it, at least. */
  role: PrincipalRole;
  annotations: { readOnlyHint: boolean; destructiveHint: boolean; idempotentHint: boolean; openWorldHint: boolean };
  errors: readonly ErrorCode[];
  handler: (input: z.output<I>, context: ToolContext) => Promise<Record<string, unknown>> | Record<string, unknown>;
}

/** A defined tool; its JSON Schemas are built on first use and kept. */
export interface Tool extends Omit<ToolDefinition<z.ZodObject, z.ZodObject>, 'handler'> {
  inputJson: () => Record<string, unknown>;
  outputJson: () => Record<string, unknown>;
  /** Validates, runs the handler, and gives its result. @throws HeadwaterError and whatever a fault throws */
  run: (input: unknown, context: ToolContext) => Promise<Record<string, unknown>>;
}

export function defineTool<I extends z.ZodObject, O extends z.ZodObject>(definition: ToolDefinition<I, O>): Tool {
  const { input, output, handler } = definition;
  return {
    ...definition,
    inputJson: once(() => jsonSchema(input, 'input')),
    outputJson: once(() => jsonSchema(output, 'output')),
    run: async (given, context) => {
      refuseFault(definition.name, given);
      const result = input.safeParse(given ?? {});
      if (!result.success) throw invalidArguments(definition.name, input, result.error);
      return handler(result.data, context);
    },
  };
}

/** Before the schema, whose copy of an open object would have a `__proto__` for its prototype. */
function refuseFault(tool: string, input: unknown): void {
  const fault = inputFault(input);
  if (fault)
    throw new HeadwaterError('INVALID_ARGUMENTS', `The arguments of ${tool} are not right.`, { fields: [fault] });
}

/** What a server needs to serve tools. */
export interface ToolHost extends Caller {
  services: Services;
  log: Log;
  consent: RequestStateCodec<Consent>;
  /** True the first time it is asked for a nonce: one question, one answer. */
  spendConsent: (nonce: string) => boolean;
  newErrorId: () => string;
}

/** Registers the tools of a role. Whoever calls another one is told that there is none, and leaves a trace. */
export function registerTools(
  server: McpServer,
  { tools, withheld }: { tools: readonly Tool[]; withheld: readonly string[] },
  host: ToolHost,
): void {
  const low: { setRequestHandler: SetHandler } = server.server;
  const set = low.setRequestHandler.bind(low);
  // The SDK answers by itself for a tool that is not registered, and offers no other way to hear of it.
  low.setRequestHandler = (method, handler) => {
    if (method !== 'tools/call') return set(method, handler);
    set(method, async (request, sdk) => {
      const { name } = request.params;
      const tool = withheld.find((each) => each === name);
      if (tool !== undefined) await keepWithheld(host, tool);
      return handler(request, sdk);
    });
  };
  for (const tool of tools) registerTool(server, tool, host);
  low.setRequestHandler = set;
}

type Handler = (request: { params: { name?: unknown } }, sdk: unknown) => unknown;
type SetHandler = (method: string, handler: Handler) => void;

async function keepWithheld(host: ToolHost, tool: string): Promise<void> {
  const trail = createTrail(host, tool, host.services.now);
  trail.note({ outcome: 'refused', codes: [TOOL_WITHHELD] });
  await host.services.keepEntry(trail.take());
}

/** In the audit trail only: the caller is told what a caller of a tool that does not exist is told. */
const TOOL_WITHHELD = 'TOOL_WITHHELD';

function registerTool(server: McpServer, tool: Tool, host: ToolHost): void {
  const { name, title, description, annotations } = tool;
  server.registerTool(
    name,
    {
      title,
      description,
      annotations: { title, ...annotations },
      inputSchema: passThrough(tool.inputJson),
      outputSchema: passThrough(tool.outputJson),
    },
    (input: unknown, sdk: ServerContext) => respond(server, tool, host, input, sdk),
  );
}

/** Lets everything through to our own validation, whose errors say more than the SDK's. */
function passThrough(json: () => Record<string, unknown>): StandardSchemaWithJSON {
  return {
    '~standard': {
      version: 1,
      vendor: 'headwater',
      validate: (value) => ({ value }),
      jsonSchema: { input: json, output: json },
    },
  };
}

/** The one boundary: every outcome of a tool becomes a protocol result here. */
async function respond(
  server: McpServer,
  tool: Tool,
  host: ToolHost,
  input: unknown,
  sdk: ServerContext,
): Promise<CallToolResult | InputRequiredResult> {
  const progress = progressOf(sdk);
  const { services, principal } = host;
  const trail = createTrail(host, tool.name, services.now);
  const context = {
    services,
    call: { principal, trail, signal: sdk.mcpReq.signal, onStep: progress.onStep, onProgress: progress.onProgress },
    person: personBehind(server, tool.name, host, input, sdk),
  };
  const { readOnlyHint, openWorldHint } = tool.annotations;
  // A test, or a read of a source itself; what writes keeps its entry with what it writes.
  const kept = { acts: readOnlyHint && openWorldHint, names: Object.keys(tool.input.shape) };
  try {
    const result = await audited(services.keepEntry, trail, kept, () => tool.run(input, context));
    await progress.sent();
    return { content: [{ type: 'text', text: JSON.stringify(result) }], structuredContent: result };
  } catch (thrown) {
    if (thrown instanceof QuestionForPerson) return thrown.result;
    await progress.sent();
    const error = JSON.stringify({ error: known(thrown, tool, host) });
    return { isError: true, content: [{ type: 'text', text: error }] };
  }
}

function known(thrown: unknown, tool: Tool, { log, newErrorId }: ToolHost): HeadwaterError | Record<string, unknown> {
  if (thrown instanceof HeadwaterError) {
    const declared = tool.errors.includes(thrown.code) || COMMON_ERRORS.includes(thrown.code);
    if (!declared) log.error({ tool: tool.name, code: thrown.code }, 'undeclared error code');
    return thrown;
  }
  // Its text may hold anything, so only its kind and place are logged.
  const id = newErrorId();
  const stack =
    thrown instanceof Error
      ? thrown.stack
          ?.split('\n')
          .slice(1, 6)
          .map((line) => line.trim())
      : undefined;
  log.error(
    { id, tool: tool.name, kind: thrown instanceof Error ? thrown.name : typeof thrown, at: stack },
    'fault in a tool',
  );
  return { ...new HeadwaterError('INTERNAL', 'A fault in Headwater.').toJSON(), id };
}

function progressOf(sdk: ServerContext): Required<Pick<Call, 'onStep' | 'onProgress'>> & { sent: () => Promise<void> } {
  const progressToken = sdk.mcpReq._meta?.progressToken;
  const sending: Promise<void>[] = [];
  /** Never goes down, as the protocol asks. */
  let reached = 0;
  const tell = (progress: number, message: string, total?: number) => {
    if (progressToken === undefined) return;
    reached = Math.max(reached, progress);
    const params = { progressToken, progress: reached, message, ...(total === undefined ? {} : { total }) };
    sending.push(sdk.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {}));
  };
  return {
    onStep: (step, progress, total) => tell(progress, `${step.title}: ${step.status}`, total),
    onProgress: (text) => tell(reached + 1, text),
    // Clients lose a notification that arrives together with the result, so the result takes a later turn.
    sent: async () => {
      if (sending.length === 0) return;
      await Promise.all(sending);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
