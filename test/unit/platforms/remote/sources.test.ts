import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../../../src/connectors/config.ts';
import { postgresql } from '../../../../src/connectors/databases/postgresql.ts';
import { HeadwaterError } from '../../../../src/errors.ts';
import { createRemoteSources, type RemoteSources } from '../../../../src/platforms/remote/sources.ts';
import { createMasterKey } from '../../../../src/secrets/master-key.ts';
import { Secret } from '../../../../src/secrets/secret.ts';
import { createVault } from '../../../../src/secrets/vault.ts';
import type { Asking, NewSource } from '../../../../src/sources/platform.ts';
import { type MemoryVendor, memoryVendor } from '../../../support/memory-vendor.ts';
import { auditEntry } from '../../store/audited.ts';
import { freshForEachTest } from '../../store/fresh.ts';

const fresh = freshForEachTest();
const key = randomBytes(32).toString('base64');
const asking: Asking = {
  principal: { tenant: 'acme', subject: 'ada', role: 'editor' },
  signal: new AbortController().signal,
};
let memory: MemoryVendor;
let said: string[];

beforeEach(() => {
  memory = memoryVendor(() => fresh.clock);
  said = [];
});

/** The platform as one process has it. */
function open(): RemoteSources & { store: ReturnType<typeof fresh.open> } {
  const store = fresh.open();
  const remote = createRemoteSources({
    platform: 'streamkap',
    name: 'Memory',
    connectors: async () => [postgresql],
    vendor: async () => ({ vendor: memory.vendor, client: { urlOf: ({ path }) => `https://memory.example${path}` } }),
    records: store.remotes,
    vault: createVault({ loadKey: createMasterKey({ value: key, home: fresh.folder }), keys: store.keys }),
    tenants: new Set(['acme']),
    resolveReference: async ({ target }) => new Secret(`value of ${target}`),
    now: () => fresh.clock,
  });
  return { ...remote, store };
}

function draft(over: Partial<NewSource> & { password?: string } = {}): NewSource {
  const { password = 'pa55-word-one', ...rest } = over;
  return {
    name: 'Shop',
    connector: postgresql,
    config: parseConfig(postgresql, { host: 'db.example.com', database: 'shop', username: 'u', password }),
    tags: [],
    desiredState: 'Active',
    status: 'Unknown',
    options: {},
    wait: true,
    ...rest,
  };
}

const failing = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof HeadwaterError)) throw new Error(`no error of ours: ${String(error)}`);
  return error;
};
const entry = auditEntry();
const OTHER = { host: 'other.example.com', database: 'shop', username: 'u' };

describe('a source on a platform of others', () => {
  it('is made with its secrets opened, kept with them sealed, and shown without', async () => {
    const { sources, store } = open();
    const { source, replayed } = await sources.create(asking, draft(), entry);
    expect(replayed).toBe(false);
    expect(memory.sent).toEqual([expect.objectContaining({ host: 'db.example.com', password: 'pa55-word-one' })]);
    expect(source).toMatchObject({ id: 'streamkap:v1', platform: 'streamkap', status: 'Active', tenant_id: 'acme' });
    expect(source.config['password']).toMatchObject({ set: true, from: 'vault' });
    expect(JSON.stringify([source, await store.remotes.find('acme', source.id)])).not.toMatch(/pa55|claim-token/);
    const again = await open().sources.get(asking, source.id);
    const { secrets } = await again.config();
    expect(secrets['password']).toEqual(new Secret('pa55-word-one'));
    expect(Object.keys(secrets)).toEqual(['password']);
    expect(again.source.version).toBe(source.version);
  });

  it('follows what was made until it is in service, and says how it goes', async () => {
    memory.looks = 3;
    const { sources } = open();
    const listening = { ...asking, onProgress: (text: string) => void said.push(text) };
    const { source } = await sources.create(listening, draft(), entry);
    expect(source.status).toBe('Active');
    expect(said).toEqual(['Memory says Active.']);
    memory.looks = 99;
    const { source: other } = await sources.create(asking, draft({ name: 'Other', wait: false }), entry);
    expect(other.status).toBe('Starting');
  });

  it('keeps references, not what is behind them', async () => {
    const { sources, store } = open();
    const { source } = await sources.create(asking, draft({ password: '${env:HEADWATER_SECRET_DB}' }), entry);
    expect(memory.sent[0]).toMatchObject({ password: 'value of HEADWATER_SECRET_DB' });
    expect(source.config['password']).toEqual({ set: true, from: 'env:HEADWATER_SECRET_DB' });
    expect((await store.remotes.find('acme', source.id))?.secretSources['password']).toBe('env:HEADWATER_SECRET_DB');
  });

  it('is found by whoever repeats a create whose answer was lost', async () => {
    memory.next = 'lose';
    const { source, replayed, warnings } = await open().sources.create(asking, draft(), entry);
    expect(replayed).toBe(true);
    expect(warnings).toHaveLength(1);
    expect(source.id).toBe('streamkap:v1');
    expect(memory.sources.size).toBe(1);
  });

  it('is made once although the process died between the request and the answer', async () => {
    const make = memory.vendor.create.bind(memory.vendor);
    const sent = new Promise<void>((resolve) => {
      memory.vendor.create = async (...args) => {
        await make(...args);
        resolve();
        return await new Promise(() => {});
      };
    });
    void open().sources.create(asking, draft(), entry);
    await sent;
    memory.vendor.create = make;
    const { source, replayed } = await open().sources.create(asking, draft(), entry);
    expect(replayed).toBe(true);
    expect([...memory.sources.keys()]).toEqual(['v1']);
    expect(source.config['password']).toMatchObject({ set: true, from: 'vault' });
    const other = draft({ name: 'Shop', config: parseConfig(postgresql, { ...OTHER, password: 'x-word-here' }) });
    expect((await failing(open().sources.create(asking, other, entry))).code).toBe('NAME_TAKEN');
  });

  it('is not sent again while the platform may still be at it', async () => {
    memory.vendor = { ...memory.vendor, createMs: 60_000 };
    const make = memory.vendor.create;
    const sent = new Promise<void>((resolve) => {
      memory.vendor.create = () => {
        resolve();
        return new Promise(() => {});
      };
    });
    void open().sources.create(asking, draft(), entry);
    await sent;
    memory.vendor.create = make;
    const started = fresh.clock.getTime();
    const ticking = setInterval(() => {
      fresh.clock = new Date(fresh.clock.getTime() + 8_000);
    }, 100);
    try {
      const early = await failing(open().sources.create(asking, draft(), entry));
      expect(early.code).toBe('OUTCOME_UNKNOWN');
      expect(early.details.retry_after_ms).toBeGreaterThan(0);
      expect(memory.sources.size).toBe(0);
      fresh.clock = new Date(started + 61_000);
      expect((await open().sources.create(asking, draft(), entry)).replayed).toBe(false);
    } finally {
      clearInterval(ticking);
    }
    expect(memory.sources.size).toBe(1);
  });

  it('is found where the platform failed after it had made it', async () => {
    const make = memory.vendor.create;
    memory.vendor.create = async (...args) => {
      await make(...args);
      throw new HeadwaterError('PLATFORM_UNAVAILABLE', 'Memory failed on its side (HTTP 500).');
    };
    const { replayed } = await open().sources.create(asking, draft(), entry);
    expect(replayed).toBe(true);
    expect(memory.sources.size).toBe(1);
  });

  it('shows no secret that the platform repeats in what it says of it', async () => {
    const { sources, run } = open();
    const { source } = await sources.create(asking, draft(), entry);
    const there = memory.sources.get('v1');
    if (!there) throw new Error('none');
    const trace = 'login failed with pa55-word-one';
    memory.sources.set('v1', {
      ...there,
      status: 'Broken',
      lastError: trace,
      tasks: [{ id: '0', state: 'FAILED', error: trace }],
      details: { deep: [{ said: trace }] },
      config: { ...there.config, 'url.of.its.own': 'postgres://u:pa55-word-one@h/shop' },
    });
    memory.vendor.actions = {
      restart: async () => {
        throw new HeadwaterError('PLATFORM_REJECTED', 'No.', {
          upstream_message: trace,
          fields: [{ field: '/config/x', message: trace }],
        });
      },
    };
    const stored = await sources.get(asking, source.id);
    const listed = await sources.list(asking, { limit: 10 });
    const refused = await failing(run('restart')(asking, stored, { action: 'restart', waitS: 0 }, entry));
    expect(stored.source.last_error).toBe('login failed with [secret]');
    expect(JSON.stringify([stored.source, listed, refused.details])).not.toContain('pa55-word-one');
  });

  it('is shown with its long lists cut, and how much there is', async () => {
    const { sources } = open();
    const { source } = await sources.create(asking, draft(), entry);
    const there = memory.sources.get('v1');
    if (!there) throw new Error('none');
    const topics = Array.from({ length: 20_000 }, (_, at) => `public.t${at}`);
    memory.sources.set('v1', { ...there, topics, details: { topic_ids: topics } });
    const { source: shown } = await sources.get(asking, source.id);
    expect(shown.topics).toHaveLength(500);
    expect(shown.details).toMatchObject({ topics_total: 20_000 });
    expect(JSON.stringify(shown).length).toBeLessThan(20_000);
  });

  it('is not adopted where somebody else has made it', async () => {
    await open().sources.create(asking, draft(), entry);
    const error = await failing(open().sources.create(asking, draft(), entry));
    expect(error.code).toBe('NAME_TAKEN');
    expect(memory.sources.size).toBe(1);
    expect(await open().sources.nameTaken(asking, 'Shop')).toBe(true);
  });

  it('is refused without a trace where the platform refuses it', async () => {
    memory.next = 'refuse';
    const { sources } = open();
    expect((await failing(sources.create(asking, draft(), entry))).code).toBe('PLATFORM_REJECTED');
    expect((await sources.create(asking, draft(), entry)).replayed).toBe(false);
  });

  it('is made once by two calls at once', async () => {
    const { sources } = open();
    const both = await Promise.allSettled([
      sources.create(asking, draft(), entry),
      sources.create(asking, draft(), entry),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(memory.sources.size).toBe(1);
  });

  it('answers a repeated idempotency key with the source that it made', async () => {
    const idempotency = { subject: 'ada', tool: 'create_source', key: 'k', digest: 'd' };
    const { sources } = open();
    const { source } = await sources.create(asking, draft(), entry, idempotency);
    expect((await open().sources.replayed(asking, idempotency))?.id).toBe(source.id);
    const other = open().sources.replayed(asking, { ...idempotency, digest: 'e' });
    expect((await failing(other)).code).toBe('IDEMPOTENCY_CONFLICT');
  });

  it('sends the whole config on an update, what was kept included, and refuses one that is stale', async () => {
    const { sources } = open();
    const { source } = await sources.create(asking, draft(), entry);
    const stored = await sources.get(asking, source.id);
    const config = await stored.config();
    const change = {
      config: { ...config, settings: { ...config.settings, port: 6432 } },
      changedFields: ['port'],
      options: {},
    };
    const after = await sources.update(asking, stored, { ...change, status: 'Active' }, entry);
    expect(memory.sent[1]).toMatchObject({ port: 6432, password: 'pa55-word-one' });
    expect(after.version).not.toBe(source.version);
    const error = await failing(sources.update(asking, stored, { ...change, status: 'Active' }, entry));
    expect(error.code).toBe('VERSION_CONFLICT');
  });

  it('knows of one that was made elsewhere that its platform holds the secrets', async () => {
    const at = fresh.clock.toISOString();
    const config = { host: 'h.example.com', port: 5432, database: 'd', username: 'u', odd: 1 };
    memory.sources.set('v9', {
      id: 'v9',
      name: 'Theirs',
      connector: 'postgresql',
      config,
      secretsSet: ['password'],
      desiredState: 'Active',
      status: 'Broken',
      lastError: 'no',
      createdAt: at,
      updatedAt: at,
    });
    const { source, config: opened } = await open().sources.get(asking, 'streamkap:v9');
    expect(source).toMatchObject({ status: 'Broken', last_error: 'no', details: { other_config: { odd: 1 } } });
    expect(source.config['password']).toEqual({ set: true, from: 'platform' });
    expect((await opened()).secrets['password']).toEqual({ scheme: 'platform', target: '' });
  });

  it('gives its actions what it keeps for them, and keeps that', async () => {
    const { sources, run } = open();
    const { source } = await sources.create(asking, draft(), entry);
    const stored = await sources.get(asking, source.id);
    const request = { action: 'restart' as const, waitS: 0 };
    for (let i = 0; i < 2; i++) {
      const result = await run('restart')(asking, stored, request, entry);
      expect(result).toMatchObject({ run: { status: 'done' }, warnings: ['claim'] });
    }
    expect((await failing(run('sync')(asking, stored, { ...request, action: 'sync' }, entry))).code).toBe(
      'UNSUPPORTED',
    );
  });

  it('is gone with what we keep of it, and says what it leaves behind', async () => {
    const { sources, store } = open();
    const { source } = await sources.create(asking, draft(), entry);
    expect(await sources.remove(asking, await sources.get(asking, source.id), entry)).toEqual([
      { what: 'a slot', remove: 'DROP SLOT' },
    ]);
    expect(await store.remotes.find('acme', source.id)).toBeUndefined();
    expect((await failing(sources.get(asking, source.id))).code).toBe('SOURCE_NOT_FOUND');
  });

  it('is there for the tenants alone that the operator has opened the account to', async () => {
    const stranger = { ...asking, principal: { ...asking.principal, tenant: 'other' } };
    expect((await failing(open().sources.list(stranger, { limit: 5 }))).code).toBe('UNSUPPORTED');
  });

  it('is shown in a plan exactly as it would be sent, secrets masked', async () => {
    const { sources } = open();
    const [request] = (await sources.planCreate?.(draft({ password: '${env:HEADWATER_SECRET_DB}' }))) ?? [];
    expect(request).toMatchObject({
      method: 'POST',
      url: 'https://memory.example/sources',
      body: { name: 'Shop', config: { host: 'db.example.com', password: '[secret from env:HEADWATER_SECRET_DB]' } },
    });
    const [other] = (await sources.planCreate?.(draft())) ?? [];
    expect(other?.body).toMatchObject({ config: { password: '[secret]' } });
    expect(memory.sent).toEqual([]);
  });

  it('is listed in pages, whatever is filtered out on the way', async () => {
    const { sources } = open();
    for (let i = 0; i < 7; i++) await sources.create(asking, draft({ name: `${i % 2 ? 'odd' : 'even'} ${i}` }), entry);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await sources.list(asking, { query: 'EVEN', limit: 2, ...(after === undefined ? {} : { after }) });
      expect(page.sources.length).toBeLessThanOrEqual(2);
      seen.push(...page.sources.map(({ name }) => name));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(['even 0', 'even 2', 'even 4', 'even 6']);
    expect((await failing(sources.list(asking, { limit: 2, after: 'x' }))).code).toBe('INVALID_CURSOR');
  });
});
