import { nearest } from '../../nearest.ts';
import type { HttpAuth } from '../http/auth.ts';
import { HttpSession } from '../http/session.ts';
import { httpStep, reachSteps } from '../http/steps.ts';
import { type Met, metBy, metStatus, proofOf } from '../http/stranger.ts';
import { reached } from '../network.ts';
import type { Probe, StepOutcome, StepSpec } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { isRefusal, refusedAccess } from './challenge.ts';
import type { Reply, Transport } from './channel.ts';
import { negotiate, type Peer } from './negotiate.ts';
import { listTools, type RemoteTool, toolPage } from './tools.ts';

export interface McpConfig {
  base_url: string;
  transport: Transport | 'auto';
  selected_tools?: string[] | undefined;
  headers?: Record<string, string> | undefined;
  tls_ca?: string | undefined;
  auth: Extract<HttpAuth, { method: 'none' | 'bearer' | 'header' | 'oauth2' }>;
}

/** How long the server may take to take note that its session is over. */
const GOODBYE_MS = 1000;

/** The probe of remote MCP servers: who they are, whether they let us in, what tools they list. No tool is called. */
export const mcpProbe: Probe<McpConfig> = {
  plan: (config, context) => {
    const session = new HttpSession({ ...config, url: config.base_url }, context, 'MCP');
    const remote = new RemoteServer(session, config);
    return {
      subject: `The MCP server at ${session.url.host}`,
      endpoint: session.facts,
      steps: [...reachSteps(session), ...remote.steps()],
      close: () => remote.close(),
      session: () => ({
        discover: async (query) => toolPage(session, reached(remote.peer), remote.tools, query),
        preview: async () => undefined,
      }),
    };
  },
};

class RemoteServer {
  peer: Peer | undefined;
  tools: readonly RemoteTool[] = [];
  #refused: Reply | undefined;
  #tookMs = 0;
  readonly #session: HttpSession;
  readonly #config: McpConfig;

  constructor(session: HttpSession, config: McpConfig) {
    this.#session = session;
    this.#config = config;
  }

  steps(): StepSpec[] {
    const session = this.#session;
    return [
      { ...httpStep('protocol', 'Speaks MCP', session), depth: 'protocol', run: (signal) => this.#greet(signal) },
      {
        ...httpStep('auth', 'Credentials', session),
        depth: 'auth',
        run: (signal, limitMs) => this.#prove(signal, limitMs),
      },
      { ...httpStep('list', 'Lists its tools', session), depth: 'query', run: (signal) => this.#list(signal) },
      {
        ...httpStep('selection', 'Selected tools are there', session),
        gate: false,
        depth: 'read',
        run: () => this.#select(),
      },
    ];
  }

  async close(): Promise<void> {
    try {
      await this.peer?.channel.end(AbortSignal.timeout(GOODBYE_MS));
    } catch {
      // The server forgets the session by itself, only later.
    }
    await this.#session.close();
  }

  async #greet(signal: AbortSignal): Promise<StepOutcome> {
    const began = performance.now();
    const found = await negotiate(this.#session, this.#config.transport, true, signal);
    this.#tookMs = performance.now() - began;
    if ('refused' in found) {
      this.#refused = found.refused;
      return { evidence: `asks for credentials before anything else (status ${found.refused.status})` };
    }
    this.peer = found.peer;
    const { name, version, revision, channel } = found.peer;
    const server = this.#session.clean(`${name || 'unnamed'} ${version}`.trim(), 120);
    return { evidence: `${server}, MCP ${revision} over ${channel.transport}` };
  }

  async #prove(signal: AbortSignal, limitMs: number): Promise<StepOutcome> {
    if (this.#refused) throw refusedAccess(this.#session, this.#refused, this.#hasCredentials);
    if (!this.#hasCredentials) return { skip: 'none are set' };
    const met = await metBy((patient) => this.#asStranger(patient), this.#tookMs, { signal, limitMs });
    return proofOf(this.#session, met, { code: 'MCP_AUTH_UNPROVEN' });
  }

  /** What a stranger is told instead of the tools. */
  async #asStranger(signal: AbortSignal): Promise<Met> {
    const { transport } = reached(this.peer).channel;
    const found = await negotiate(this.#session, transport, false, signal);
    if ('refused' in found) return metStatus(found.refused.status);
    const { channel } = found.peer;
    try {
      const { status, rpc } = await channel.request('tools/list', {}, signal);
      if (rpc && 'result' in rpc) return { same: true };
      return rpc ? { other: `JSON-RPC ${rpc.error.code}` } : metStatus(status);
    } finally {
      await channel.end(signal).catch(() => {});
    }
  }

  async #list(signal: AbortSignal): Promise<StepOutcome> {
    const peer = reached(this.peer);
    const refuse = (reply: Reply) => {
      if (isRefusal(reply)) throw refusedAccess(this.#session, reply, this.#hasCredentials);
    };
    // A server that says it has no tools need not know the question.
    if (peer.hasTools) this.tools = await listTools(this.#session, peer, refuse, signal);
    const [first] = this.tools;
    if (!first) return { warning: { code: 'MCP_NO_TOOLS', facts: this.#session.facts } };
    return { evidence: `${this.tools.length} tool${this.tools.length === 1 ? '' : 's'}: ${this.#some()}` };
  }

  #select(): StepOutcome {
    const wanted = this.#config.selected_tools;
    if (wanted === undefined) return { skip: 'none are selected, so all are meant' };
    const names = new Set(this.tools.map(({ name }) => name));
    const missing = wanted.filter((name) => !names.has(name));
    if (missing.length === 0) return { evidence: `${wanted.length} of ${names.size}` };
    const hints = missing.slice(0, 5).flatMap((name) => {
      const meant = nearest(name, names, Math.max(2, Math.floor(name.length / 4)));
      return meant === undefined ? [] : [`${name}: did you mean ${this.#session.clean(meant, 128)}?`];
    });
    const what = `tool${missing.length === 1 ? '' : 's'} ${missing.slice(0, 5).join(', ')}`;
    const fix = hints.length > 0 ? `Correct selected_tools (${hints.join(' ')}).` : '';
    throw new StepFailure(
      'MCP_TOOL_NOT_FOUND',
      { ...this.#session.facts, what, fix },
      { evidence: this.#some() || 'it has none' },
    );
  }

  #some(): string {
    const names = this.tools.slice(0, 12).map(({ name }) => this.#session.clean(name, 128));
    return [...names, ...(this.tools.length > names.length ? ['…'] : [])].join(', ');
  }

  get #hasCredentials(): boolean {
    return this.#config.auth.method !== 'none';
  }
}
