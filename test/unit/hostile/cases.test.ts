import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { CONNECTORS } from '../../../src/connectors/index.ts';
import { ALL_HOSTILE_INPUTS, type HostileInput, hostileInputs } from '../../support/hostile-inputs.ts';
import { AS_WRITTEN, type Ask, mappingOf, type Places, SOURCE, STORED_PASSWORD } from '../../support/hostile-map.ts';
import { connectTo, type InMemory, inMemory, type Session } from '../../support/in-memory.ts';
import { projectRoot } from '../../support/root.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';
import { countTraffic, type Traffic } from '../../support/traffic.ts';

/** Every case that calls of tools can express: its verdict, and for each refusal not one lookup and not one packet. */

const KINDS = [...new Set(ALL_HOSTILE_INPUTS.map(({ kind }) => kind))];
const CANARIES = [STORED_PASSWORD, 's3cret', 'TOPSECRET', 'CANARY-in-a-file'];

let folder: TemporaryFolder;
let places: Places;
let traffic: Traffic;
const apps = new Map<string, Promise<InMemory>>();

beforeAll(async () => {
  folder = await temporaryFolder('hostile');
  places = { secrets: join(folder.path, 'secrets'), data: join(folder.path, 'data') };
  await Promise.all([mkdir(places.secrets), mkdir(places.data), mkdir(`${folder.path}/secrets-evil`)]);
  await Promise.all([
    writeFile(join(places.secrets, 'pg_password'), 'CANARY-in-a-file', { mode: 0o600 }),
    writeFile(join(folder.path, 'secrets-evil', 'x'), 'CANARY-in-a-file'),
    writeFile(join(places.data, 'sales.csv'), 'id,name\n1,Ada\n'),
    symlink('/etc/shadow', join(places.secrets, 'link_to_etc_shadow')),
    symlink('/etc', join(places.data, 'link-to-etc')),
  ]);
});
beforeEach(() => {
  traffic ??= countTraffic();
  traffic.clear();
});
afterAll(async () => {
  vi.restoreAllMocks();
  await Promise.all([...apps.values()].map(async (app) => (await app).close()));
  await folder.remove();
});

/** One app for each kind and policy, and in it a tenant for each case: none is limited by what another did. */
function appFor(kind: string, settings: Readonly<Record<string, string>> = {}): Promise<InMemory> {
  const key = JSON.stringify([kind, settings]);
  const known = apps.get(key);
  if (known) return known;
  const variables = {
    HEADWATER_EGRESS: 'public_only',
    HEADWATER_SECRET_API: 'CANARY-of-the-environment',
    ...settings,
  };
  const made = inMemory(variables, { lookup: (name) => traffic.lookup(name) });
  apps.set(key, made);
  return made;
}

interface Outcome {
  allowed: boolean;
  text: string;
  code?: string | undefined;
}

const ERRORS =
  /^(INVALID_CONFIG|INVALID_ARGUMENTS|CREDENTIALS_REQUIRED|CONNECTOR_NOT_FOUND|VERSION_CONFLICT|NAME_TAKEN)$/;
/** What a report says of a target that is not tried. */
const UNTRIED = /^(CONFIG_UNUSABLE|HOST_REFUSED|DNS_NOT_FOUND|FILE_REFUSED|FILE_NOT_FOUND)$/;

async function outcomeOf(session: Session, { tool, args }: Ask): Promise<Outcome> {
  const { isError, text, error, structured } = await session.call(tool, args);
  if (isError) {
    expect(error.code).toMatch(ERRORS);
    return { allowed: false, text, code: error.code };
  }
  const { steps = [] } = structured as { steps?: { id: string; status: string; code?: string }[] };
  const failed = steps.find(({ status }) => status === 'fail');
  return { allowed: failed === undefined || !UNTRIED.test(failed.code ?? ''), text, code: failed?.code };
}

const withSource = (args: Record<string, unknown>, id: unknown) =>
  Object.fromEntries(Object.entries(args).map(([name, value]) => [name, value === SOURCE ? id : value]));

async function tried(each: HostileInput): Promise<void> {
  const mapping = mappingOf(each, places);
  if (mapping.by === 'test') return;
  const { before = [], asks = [], dns = {}, settings } = mapping;
  const app = await appFor(each.kind, settings);
  const session = await connectTo(app.app, { tenant: each.id, subject: 'someone', role: 'admin' });
  traffic.answers = dns;
  let source: Record<string, unknown> | undefined;
  for (const { tool, args } of before) {
    ({ source } = (await session.done(tool, withSource(args, source?.['id']))) as { source: Record<string, unknown> });
  }
  const ours = mapping.by === 'calls' ? mapping.ours?.allowed : false;
  const wanted = ours ?? each.expect === 'allow';
  const inTurn = mapping.by === 'calls' && mapping.inTurn === true;
  for (const [i, { tool, args }] of asks.entries()) {
    const dialsBefore = traffic.dials.length;
    const { allowed, text, code } = await outcomeOf(session, { tool, args: withSource(args, source?.['id']) });
    const last = i === asks.length - 1;
    if (!inTurn || last)
      expect([tool, args['connector'], code, allowed]).toEqual([tool, args['connector'], code, wanted]);
    if (!allowed) {
      expect(traffic.dials.slice(dialsBefore)).toEqual([]);
      // A name has to be looked up before its addresses can be judged; nothing else may be.
      for (const name of traffic.lookups) expect(Object.keys(dns)).toContain(name);
    }
    for (const canary of CANARIES) expect(text).not.toContain(canary);
  }
  if (!wanted && source) {
    const { source: after } = (await session.done('get_source', { source_id: source['id'] })) as { source: unknown };
    expect(after).toEqual(source);
  }
  await session.close();
}

describe.each(KINDS)('%s', (kind) => {
  const cases = hostileInputs(kind).filter((each) => mappingOf(each, AS_WRITTEN).by !== 'test');
  if (cases.length > 0) test.each(cases.map((each) => [each.id, each] as const))('%s', (_, each) => tried(each));
  else test('is tried in a file of its own', () => expect(hostileInputs(kind).length).toBeGreaterThan(0));
});

describe('no case is lost', () => {
  const mapped = ALL_HOSTILE_INPUTS.map((each) => ({
    each,
    mapping: mappingOf(hostileInputs(each.kind).find(({ id }) => id === each.id) ?? each, AS_WRITTEN),
  }));

  test('there are 397, each with a name of its own', () => {
    expect(new Set(ALL_HOSTILE_INPUTS.map(({ id }) => id)).size).toBe(397);
  });

  test('each is calls of tools, or stands in a test that takes its whole kind', async () => {
    for (const { each, mapping } of mapped) {
      if (mapping.by === 'calls') expect(mapping.asks.length, each.id).toBeGreaterThan(0);
      if (mapping.by === 'test') {
        const text = await readFile(join(projectRoot, mapping.file), 'utf8');
        expect(text, each.id).toMatch(new RegExp(`(hostileInputs|casesOf)(<[^(]*>)?\\('${each.kind}'\\)`));
        expect(text, `${each.id}: a filter may lose it`).not.toMatch(
          new RegExp(`(hostileInputs|casesOf)(<[^(]*>)?\\('${each.kind}'\\)\\s*\\.filter`),
        );
      }
    }
  });

  test('those with nothing to be tried on say why, and are few', () => {
    const idle = mapped.filter(({ mapping }) => mapping.by === 'nothing');
    const reasons = idle.map(({ each, mapping }) => `${each.id}: ${mapping.by === 'nothing' ? mapping.reason : ''}`);
    expect(reasons).toMatchSnapshot();
  });

  test('a connector that joins has to be mapped', () => {
    for (const { each, mapping } of mapped) {
      if (mapping.by !== 'nothing' || each.kind !== 'config') continue;
      const { type } = each.input as { type: string };
      expect(CONNECTORS.flatMap(({ code, aliases }) => [code, ...aliases])).not.toContain(type);
    }
  });
});
