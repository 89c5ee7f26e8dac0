import { completable, type McpServer, ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { HeadwaterError } from '../errors.ts';
import type { Caller } from '../sources/audit.ts';
import type { Call, Services } from '../sources/services.ts';
import { audited, createTrail } from '../sources/trail.ts';

export interface PromptContext {
  services: Services;
  call: Call;
  /** Whether the operator lets nobody change anything. */
  readOnly: boolean;
}

interface PromptArgument {
  description: string;
  required: boolean;
  complete?: (value: string, context: PromptContext) => readonly string[] | Promise<readonly string[]>;
}

/** A prompt as data: its arguments, and the text they make. */
export interface PromptDefinition {
  name: string;
  title: string;
  description: string;
  arguments: Readonly<Record<string, PromptArgument>>;
  text: (given: Readonly<Record<string, string | undefined>>, context: PromptContext) => string | Promise<string>;
}

export function definePrompt(definition: PromptDefinition): PromptDefinition {
  return definition;
}

const LONGEST = 500;
/** What the audit trail calls it. */
const GET = 'get_prompt';

export function registerPrompt(
  server: McpServer,
  definition: PromptDefinition,
  host: Caller & { services: Services; readOnly: boolean },
): void {
  const { name, title, description, text } = definition;
  const contextOf = (signal: AbortSignal): PromptContext => ({
    services: host.services,
    readOnly: host.readOnly,
    call: { principal: host.principal, trail: createTrail(host, GET, host.services.now), signal },
  });
  const shape = Object.fromEntries(
    Object.entries(definition.arguments).map(([argument, { description: about, required, complete }]) => {
      const plain = z.string().max(LONGEST).describe(about);
      const completed = complete
        ? completable(plain, async (value) =>
            starting(await complete(value, contextOf(new AbortController().signal)), value),
          )
        : plain;
      return [argument, required ? completed : completed.optional()];
    }),
  );
  server.registerPrompt(name, { title, description, argsSchema: z.object(shape) }, async (given, sdk) => ({
    description,
    messages: [
      {
        role: 'user',
        content: { type: 'text', text: await told(contextOf(sdk.mcpReq.signal), (context) => text(given, context)) },
      },
    ],
  }));
}

/** What a prompt cannot speak of is a wrong argument to the protocol. */
async function told(
  context: PromptContext,
  tell: (context: PromptContext) => string | Promise<string>,
): Promise<string> {
  const { services, call } = context;
  try {
    return await audited(services.keepEntry, call.trail, { acts: false }, () => tell(context));
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, error.message);
  }
}

function starting(candidates: readonly string[], value: string): string[] {
  return candidates.filter((candidate) => candidate.toLowerCase().startsWith(value.toLowerCase())).slice(0, 100);
}
