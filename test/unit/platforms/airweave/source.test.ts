import { describe, expect, it } from 'vitest';
import { connectionIn } from '../../../../src/platforms/airweave/connection.ts';
import { sourceOf } from '../../../../src/platforms/airweave/source.ts';
import { createRedactor } from '../../../../src/secrets/redact.ts';

const { clean } = createRedactor([]);
const least = { id: '11111111-1111-4111-8111-111111111111', name: 'One', short_name: 'notion' };
const read = (more: Record<string, unknown>) => {
  const connection = connectionIn({ ...least, ...more });
  if (!connection) throw new Error('is none');
  return sourceOf(connection, clean);
};

describe("Airweave's answer", () => {
  it.each([
    ['active', 'Active'],
    ['ACTIVE', 'Active'],
    ['syncing', 'Active'],
    ['pending_sync', 'Starting'],
    ['pending_auth', 'Pending'],
    ['needs_reauth', 'NeedsAuth'],
    ['error', 'Broken'],
    ['inactive', 'Paused'],
    ['something_new', 'Unknown'],
    [undefined, 'Unknown'],
  ])('%s is %s', (status, expected) => {
    expect(read({ status }).status).toBe(expected);
  });

  it('is read as far as it is what it should be', () => {
    const source = read({
      status: 7,
      auth: 'none',
      config: [],
      schedule: 'daily',
      sync: 1,
      entities: null,
      created_at: 'x',
    });
    expect(source).toMatchObject({
      id: least.id,
      name: 'One',
      connector: 'notion',
      status: 'Unknown',
      createdAt: null,
    });
  });

  it.each([{}, { id: 4 }, { id: '' }, [], null, 'text'])('%j is none', (json) => {
    expect(connectionIn(json)).toBeUndefined();
  });

  it('shows nothing that is named as a secret, at any depth', () => {
    const source = read({
      status: 'active',
      webhook_secret: 'CANARY1',
      extra: { deep: [{ api_key: 'CANARY2' }] },
      auth: { method: 'direct', authenticated: true, access_token: 'CANARY3', claim_token: 'CANARY4' },
    });
    expect(JSON.stringify(source)).not.toContain('CANARY');
    expect(source.keep).toHaveProperty('claim_token');
  });

  it.each(['javascript:alert(1)', 'file:///etc/passwd', 'not a url', '//evil.example', ''])(
    'sends nobody to %s',
    (auth_url) => {
      const todo = read({
        status: 'pending_auth',
        auth: { method: 'oauth_browser', authenticated: false, auth_url },
      }).todo;
      expect(todo?.[0]).not.toHaveProperty('url');
    },
  );

  it('takes text from outside without its control characters, and cut', () => {
    const source = read({ status: 'error', error_message: `bad\u001b[31m${'x'.repeat(5000)}` });
    expect(source.lastError).not.toContain('\u001b');
    expect(source.lastError?.length).toBeLessThanOrEqual(300);
  });
});
