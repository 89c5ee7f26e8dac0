import { describe, expect, it } from 'vitest';
import { restApi } from '../../../src/connectors/apis/rest-api.ts';
import { parseConfig } from '../../../src/connectors/config.ts';
import { resolveConfig } from '../../../src/connectors/resolved-config.ts';
import type { Question } from '../../../src/net/ask.ts';
import { Secret } from '../../../src/secrets/secret.ts';
import { withLiveToken } from '../../../src/sources/live-tokens.ts';
import { createTokenDesk } from '../../../src/sources/token-desk.ts';

const { signal } = new AbortController();
const START = Date.parse('2026-11-20T12:00:00Z');

/** A provider that gives a new access token for every question, good for an hour. */
function desk() {
  const asked: Question[] = [];
  const services = {
    clock: START,
    now: () => new Date(services.clock),
    fingerprint: async (text: string) => text,
    tokens: createTokenDesk(async (question) => {
      asked.push(question);
      const json = { access_token: `token ${asked.length}`, expires_in: 3600 };
      return { status: 200, json, clean: (text) => text };
    }),
  };
  return { services, asked };
}

const google = (auth: Record<string, unknown>) => ({
  url: 'https://www.googleapis.com',
  auth: { method: 'oauth2', provider: 'google', client_id: 'x', ...auth },
});

async function live(services: ReturnType<typeof desk>['services'], auth: Record<string, unknown>): Promise<string> {
  const config = parseConfig(restApi, google(auth));
  const { values } = await resolveConfig(restApi, config, async () => new Secret('from outside'));
  const { values: found } = await withLiveToken(services, config, values, signal);
  return (found['auth'] as { access_token: Secret }).access_token.reveal();
}

describe('a token for one use', () => {
  const refresh_token = '${env:HEADWATER_SECRET_R}';

  it('comes of a refresh token that can be used again, and is remembered while it is good', async () => {
    const { services, asked } = desk();
    const both = await Promise.all([live(services, { refresh_token }), live(services, { refresh_token })]);
    expect(both).toEqual(['token 1', 'token 1']);
    services.clock += 58 * 60_000;
    expect(await live(services, { refresh_token })).toBe('token 1');
    services.clock += 90_000;
    expect(await live(services, { refresh_token })).toBe('token 2');
    expect(await live(services, { refresh_token, client_id: 'another' })).toBe('token 3');
    expect(asked).toHaveLength(3);
    expect(asked[0]?.fields?.['refresh_token']).toBeInstanceOf(Secret);
  });

  it('is the one that is there while it is good', async () => {
    const { services, asked } = desk();
    const until = (ms: number) => ({ access_token: 'mine', expires_at: new Date(START + ms).toISOString() });
    expect(await live(services, { ...until(61_000), refresh_token })).toBe('mine');
    expect(await live(services, { ...until(59_000), refresh_token })).toBe('token 1');
    expect(await live(services, until(1000))).toBe('mine');
    await expect(live(services, until(-1))).rejects.toMatchObject({ code: 'NEEDS_AUTH' });
    // When one expires that comes by reference, its owner knows.
    expect(await live(services, { ...until(-1), access_token: '${env:HEADWATER_SECRET_A}', refresh_token })).toBe(
      'from outside',
    );
    expect(asked).toHaveLength(1);
  });

  it('is not had of a refresh token that would be replaced by one that nobody keeps', async () => {
    const { services, asked } = desk();
    const auth = { provider: 'atlassian', refresh_token };
    await expect(live(services, auth)).rejects.toMatchObject({
      code: 'NEEDS_AUTH',
      message: expect.stringContaining('replaced with each use'),
    });
    expect(asked).toEqual([]);
  });
});
