import { get, type IncomingHttpHeaders } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type ConnectOptions, connectV1, connectV2, type Question } from '../support/mcp.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temp.ts';

interface Answer {
  content: { text: string }[];
  isError?: boolean;
}

const CONFIG = { host: 'db.example.com', database: 'shop', username: 'reader' };
const ASKING = { name: 'request_credentials', arguments: { connector: 'postgresql', config: CONFIG } };

let folder: TemporaryFolder;
let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
  await folder.remove();
});

const CLIENTS = {
  'the 2025 client': (options: ConnectOptions) => connectV1(options),
  'the 2026 client': (options: ConnectOptions) => connectV2({ ...options, era: 'modern' }),
  'the 2026 client in the older era': (options: ConnectOptions) => connectV2({ ...options, era: 'legacy' }),
} as const;

async function askedBy(client: keyof typeof CLIENTS, more: Partial<ConnectOptions>): Promise<Record<string, unknown>> {
  folder = await temporaryFolder('hand-over');
  const session = await CLIENTS[client]({ env: { HEADWATER_HOME: `${folder.path}/home` }, ...more });
  close = () => session.close();
  const answer = (await session.client.callTool(ASKING)) as Answer;
  expect(answer.isError, answer.content[0]?.text).toBeFalsy();
  return JSON.parse(answer.content[0]?.text ?? '') as Record<string, unknown>;
}

/** As a browser opens a page that a person goes to. */
function opened(url: string): Promise<{ text: string; headers: IncomingHttpHeaders }> {
  const headers = {
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    'sec-fetch-site': 'none',
    'sec-fetch-user': '?1',
  };
  return new Promise((resolve, reject) => {
    get(url, { headers }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({ text: Buffer.concat(chunks).toString(), headers: response.headers });
    }).on('error', reject);
  });
}

describe.each(Object.keys(CLIENTS) as (keyof typeof CLIENTS)[])('%s', (client) => {
  it('is asked to open the page where it can, and the same hand-over goes on', async () => {
    const questions: Question[] = [];
    const onElicit = (question: Question) => {
      questions.push(question);
      return { action: 'accept' as const };
    };
    const answer = await askedBy(client, { capabilities: { elicitation: { url: {} } }, onElicit });
    expect(questions).toHaveLength(1);
    expect(questions[0]).toMatchObject({ mode: 'url', message: expect.stringContaining(String(answer['match_code'])) });
    expect(answer).toMatchObject({ state: 'waiting', next: [{ tool: 'request_credentials' }] });
    expect((await opened(questions[0]?.url ?? '')).text).toContain(String(answer['match_code']));
  });

  it('is given the link where it cannot', async () => {
    const answer = await askedBy(client, {});
    const { text, headers } = await opened(String(answer['url']));
    expect(text).toContain(String(answer['match_code']));
    expect(text).toContain('db.example.com');
    expect(headers['cache-control']).toContain('no-store');
  });
});
