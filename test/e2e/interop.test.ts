import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOOLS } from '../../src/tools/index.ts';
import { type AiSdk, aiSdk1, installAiSdk2, type Target } from '../external/ai-sdk.ts';
import { type Inspector, installInspector } from '../external/inspector.ts';
import { ifInstalled } from '../external/install.ts';
import { type HttpProcess, spawnHttp } from '../support/http-process.ts';
import { freePort } from '../support/ports.ts';
import { projectRoot } from '../support/root.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temp.ts';

const INSTALL_MS = 180_000;
const LEFT_OUT = 'it could not be installed: npm does not reach its registry';
const NAMES = TOOLS.map(({ name }) => name);

let home: TemporaryFolder;
let http: HttpProcess;
let closedPort: number;

beforeAll(async () => {
  home = await temporaryFolder('interop');
  http = await spawnHttp({ env: { HEADWATER_EGRESS: 'allow_private' } });
  closedPort = await freePort();
});

afterAll(async () => {
  await http.close();
  await home.remove();
});

const targets: Readonly<Record<string, () => Target>> = {
  stdio: () => ({ script: join(projectRoot, 'dist', 'cli.js'), env: { HEADWATER_HOME: home.path } }),
  http: () => ({ url: http.url }),
};

/** A test of a database where none is: its report is a success of the protocol. */
const attempt = () => ({
  connector: 'postgresql',
  config: { host: '127.0.0.1', port: closedPort, database: 'shop', username: 'reader', password: 'hunter2' },
});

function expectConnectors(result: unknown): void {
  const found = expect.arrayContaining([expect.objectContaining({ code: 'postgresql' })]);
  expect(result).toMatchObject({ structuredContent: { connectors: found } });
}

function expectRefused(result: unknown): void {
  expect(result).toMatchObject({ structuredContent: { ok: false, verdict: 'failed', depth: 'config' } });
  expect(JSON.stringify(result)).toContain('TCP_REFUSED');
}

describe.each([
  { client: 'AI SDK 1', revision: '2025-11-25', load: async () => aiSdk1 },
  { client: 'AI SDK 2', revision: '2026-07-28', load: installAiSdk2 },
])('$client', ({ revision, load }) => {
  let sdk: AiSdk | undefined;
  beforeAll(async () => {
    sdk = await ifInstalled(load());
  }, INSTALL_MS);

  it.for(Object.keys(targets))('lists and calls tools over %s', async (transport, { skip }) => {
    if (!sdk) return skip(LEFT_OUT);
    const session = await sdk.connect(targetOf(transport));
    try {
      const tools = await session.tools();
      expect(Object.keys(tools)).toEqual(NAMES);
      expect(session.revision()).toBe(revision);
      const call = (name: string, input: unknown) =>
        tools[name]?.execute(input, { messages: [], toolCallId: `call-${name}` });
      expectConnectors(await call('list_connectors', { query: 'postgres' }));
      expectRefused(await call('test_connection', attempt()));
    } finally {
      await session.close();
    }
  });
});

describe('the Inspector', () => {
  let inspect: Inspector | undefined;
  beforeAll(async () => {
    inspect = await ifInstalled(installInspector(home.path));
  }, INSTALL_MS);

  describe.each(Object.keys(targets))('over %s', (transport) => {
    it.for(['legacy', 'auto', 'modern'] as const)('lists and calls tools in its %s era', async (era, { skip }) => {
      const inspector = inspect;
      if (!inspector) return skip(LEFT_OUT);
      const target = targetOf(transport);
      const listed = await inspector(target, era, '--method', 'tools/list', '--strict');
      expect(listed).toMatchObject({ code: 0 });
      expect((listed.result as { tools: { name: string }[] }).tools.map(({ name }) => name)).toEqual(NAMES);

      const call = async (name: string, args: unknown) => {
        const json = JSON.stringify(args);
        const given = ['--method', 'tools/call', '--tool-name', name, '--tool-args-json', json];
        return (await inspector(target, era, ...given)).result;
      };
      const connectors = await call('list_connectors', { query: 'postgres' });
      expectConnectors(connectors);
      // Only 2026-07-28 has servers name themselves in every result.
      expect(JSON.stringify(connectors).includes('io.modelcontextprotocol/serverInfo')).toBe(era !== 'legacy');
      expectRefused(await call('test_connection', attempt()));
    });
  });
});

function targetOf(transport: string): Target {
  const target = targets[transport];
  if (!target) throw new Error(`no such transport: ${transport}`);
  return target();
}
