import { createHash, randomUUID } from 'node:crypto';
import type {
  ClientCapabilities,
  InputRequest,
  InputRequiredResult,
  McpServer,
  RequestStateCodec,
  ServerContext,
} from '@modelcontextprotocol/server';
import { CLIENT_CAPABILITIES_META_KEY, inputRequired, inputResponse } from '@modelcontextprotocol/server';
import { canonicalJson } from '../sources/canonical.ts';
import type { Principal } from '../sources/principal.ts';

/** What a question to a person is bound to. */
export interface Consent {
  binding: string;
  nonce: string;
  /** What was being shown. */
  shown?: string;
}

/** The person behind a client, as far as the client can reach them. */
export interface Person {
  /**
   * Asks them, once; what is agreed to is bound to this call, these arguments and `about`.
   * @returns undefined where the client cannot ask
   */
  ask: (question: string, about: string) => Promise<boolean | undefined>;
  /** What `show` was given when this same call came the first time; undefined where it is the first. */
  wasShown: () => string | undefined;
  /** Has the client open a page for them, where it can; the call then comes again. Nothing where it cannot. */
  show: (url: string, message: string, what: string) => Promise<void>;
}

/** Thrown in place of a result: the client is to ask the person, and to call again. */
export class QuestionForPerson {
  readonly result: InputRequiredResult;
  constructor(result: InputRequiredResult) {
    this.result = result;
  }
}

interface QuestionHost {
  principal: Principal;
  consent: RequestStateCodec<Consent>;
  spendConsent: (nonce: string) => boolean;
}

const ANSWER = 'consent';

export function personBehind(
  server: McpServer,
  tool: string,
  { principal, consent, spendConsent }: QuestionHost,
  input: unknown,
  sdk: ServerContext,
): Person {
  const bindingOf = (...about: string[]) =>
    createHash('sha256')
      .update(canonicalJson([tool, principal, input, ...about]))
      .digest('base64url');
  const asked = () => sdk.mcpReq.requestState<Consent>();
  const question = async (request: InputRequest, state: Omit<Consent, 'nonce'>) =>
    new QuestionForPerson(
      inputRequired({
        inputRequests: { [ANSWER]: request },
        requestState: await consent.mint({ ...state, nonce: randomUUID() }),
      }),
    );
  return {
    ask: async (text, about) => {
      if (!can(server, sdk, 'form')) return undefined;
      const binding = bindingOf(text, about);
      const answer = inputResponse(sdk.mcpReq.inputResponses, ANSWER);
      const state = asked();
      if (answer.kind === 'elicit' && state?.binding === binding && spendConsent(state.nonce)) {
        return answer.action === 'accept' && answer.content?.['agree'] === true;
      }
      const requestedSchema = {
        type: 'object' as const,
        properties: { agree: { type: 'boolean' as const, title: 'Yes', description: text } },
        required: ['agree'],
      };
      throw await question(inputRequired.elicit({ message: text, requestedSchema }), { binding });
    },
    wasShown: () => {
      const state = asked();
      return state?.shown !== undefined && state.binding === bindingOf('page') && spendConsent(state.nonce)
        ? state.shown
        : undefined;
    },
    show: async (url, message, what) => {
      if (!can(server, sdk, 'url')) return;
      throw await question(inputRequired.elicitUrl({ url, message }), { binding: bindingOf('page'), shown: what });
    },
  };
}

/** 2026-07-28 clients say what they can with every request, older ones once for the connection. Nothing said is a form. */
function can({ server }: McpServer, { mcpReq }: ServerContext, mode: 'form' | 'url'): boolean {
  const envelope: { [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities } | undefined = mcpReq.envelope;
  const capabilities = envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? server.getClientCapabilities();
  const elicitation = capabilities?.elicitation;
  if (elicitation === undefined) return false;
  return elicitation[mode] !== undefined || (mode === 'form' && elicitation.url === undefined);
}
