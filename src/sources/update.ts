import { type Config, destinationOf, mergeConfig } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import { AUTH, fieldsByPath, valueAt } from '../connectors/paths.ts';
import { HeadwaterError, type NextCall } from '../errors.ts';
import type { Report } from '../probes/report.ts';
import { canonicalJson } from './canonical.ts';
import { testFailed } from './create.ts';
import { destinationFacts } from './destination.ts';
import { freshSource } from './fresh-source.ts';
import { configWarnings } from './inline-secrets.ts';
import { parseOptions, refuseUnsupported, refuseWorkerReferences } from './options.ts';
import { shownConfig, takenNames } from './plan.ts';
import { type SourceChange, type StoredSource, standardChecks } from './platform.ts';
import { testConfig } from './probing.ts';
import { type Call, offer, platformOfSource, type Services, storedSource } from './services.ts';
import { type DesiredState, nameKey, outcomeOf, type Source, untestedStatus } from './source.ts';
import { attach, withCredentials } from './with-credentials.ts';

export interface UpdateRequest {
  source_id: string;
  name?: string;
  description?: string;
  config?: Readonly<Record<string, unknown>>;
  clear?: readonly string[];
  options?: Readonly<Record<string, unknown>>;
  desired_state?: DesiredState;
  tags?: readonly string[];
  schedule?: Readonly<Record<string, unknown>> | null;
  if_version?: number;
  run_test?: boolean;
  dry_run?: boolean;
}

export interface UpdateAnswer {
  source: Source;
  changed: string[];
  report?: Report;
  plan?: Record<string, unknown>;
  warnings?: string[];
  next: NextCall[];
}

/**
 * Changes what is given and keeps the rest. Stored credentials are kept only while no destination field changes.
 * A change that needs the source to connect is tested first; on a failed test nothing is stored.
 * @throws HeadwaterError CREDENTIALS_REQUIRED, TEST_FAILED, VERSION_CONFLICT, NAME_TAKEN …
 */
export async function updateSource(services: Services, request: UpdateRequest, call: Call): Promise<UpdateAnswer> {
  const platform = platformOfSource(services, request.source_id);
  refuseUnsupported(platform, request);
  const found = await storedSource(services, request.source_id, call);
  refuseStale(found.source, request.if_version);
  const stored = await readyForTest(services, found, request, call);
  const options = parseOptions(platform, request.options);
  const before = await stored.config();
  const { config: edited, cleared } = editedConfig(stored, before, request);
  const { config, handed, sessions } = edited
    ? await withCredentials(services, platform, stored.connector, edited, call)
    : { config: undefined, handed: {}, sessions: [] };
  if (config) {
    call.trail.note({ destination_after: destinationFacts(stored.connector, config) });
    refuseWorkerReferences(platform, config);
    refuseCarriedSecrets(stored, before, config, request);
  }
  const warnings = config ? configWarnings(services, config, { ...before.secrets, ...handed }) : [];
  const configFields = config ? changedFields(stored.connector, before, config) : [];
  const change = { ...changeOf(stored.source, request, config, cleared, options), changedFields: configFields };
  const changed = changedNames(stored.source, change, configFields);
  call.trail.note({ fields: changed });
  if (changed.length === 0) return { source: stored.source, changed, next: [] };
  if (request.dry_run) {
    const renamed = change.name !== undefined && nameKey(change.name) !== nameKey(stored.source.name);
    const taken = renamed ? await takenNames(platform, call, change.name ?? '') : [];
    const requests = await platform.sources.planUpdate?.(call, stored, change);
    const wanted = { ...fieldsOf(change), ...(config ? { config: shownConfig(config) } : {}) };
    return {
      source: stored.source,
      changed,
      plan: { action: 'update', source_id: stored.source.id, ...(requests ? { requests } : { request: wanted }) },
      ...said([...warnings, ...taken]),
      next: [],
    };
  }
  const tested = await testFirst(services, stored, before, change, changed, request, call);
  if (tested?.pinned) notePin(stored, before, tested.pinned, changed, call);
  const source = await platform.sources.update(call, stored, { ...change, ...tested?.state }, call.trail.take());
  await attach(services, sessions);
  return {
    source,
    changed,
    ...(tested ? { report: tested.report } : {}),
    ...said(warnings),
    next: offer(services, { tool: 'get_source', arguments: { source_id: source.id }, why: 'See it as it is now.' }),
  };
}

/** Where the change is tested with the tokens that are there, they are renewed first. */
async function readyForTest(services: Services, stored: StoredSource, request: UpdateRequest, call: Call) {
  const desired = request.desired_state ?? stored.source.desired_state;
  const isTested = desired === 'Active' && request.run_test !== false && !request.dry_run;
  const isUsed = isTested && request.config?.[AUTH] === undefined;
  return isUsed ? (await freshSource(services, stored, call)).stored : stored;
}

/** What a test has pinned is a change as well. */
function notePin(
  { connector }: StoredSource,
  before: Config,
  pinned: Config,
  changed: string[],
  { trail }: Call,
): void {
  const fields = changedFields(connector, before, pinned).map((name) => `config.${name}`);
  changed.push(...fields.filter((name) => !changed.includes(name)));
  trail.note({ fields: changed, destination_after: destinationFacts(connector, pinned) });
}

function said(warnings: string[]): { warnings?: string[] } {
  return warnings.length > 0 ? { warnings } : {};
}

function refuseStale(source: Source, ifVersion: number | undefined): void {
  if (ifVersion === undefined || ifVersion === source.version) return;
  throw new HeadwaterError('VERSION_CONFLICT', `The source is at version ${source.version}, not ${ifVersion}.`, {
    hint: 'Read it again, and decide on what it is now.',
    fields: [{ field: '/if_version', message: `is ${ifVersion}; the source is at ${source.version}` }],
    next: [{ tool: 'get_source', arguments: { source_id: source.id }, why: 'See what it is now.' }],
  });
}

const CLEARABLE = ['/description', '/options/collection', '/schedule'];

function editedConfig({ connector }: StoredSource, before: Config, { config, clear = [] }: UpdateRequest) {
  const fields = clearedFields(clear);
  const wrong = clear.filter((pointer) => !pointer.startsWith('/config/') && !CLEARABLE.includes(pointer));
  const known = fieldsByPath(connector);
  const unknown = fields
    .filter((path) => !known.has(path) && !(connector.auth && path === AUTH))
    .map((path) => `/config/${path}`);
  const refused = [...wrong, ...unknown];
  if (refused.length > 0) {
    throw new HeadwaterError('INVALID_ARGUMENTS', 'Only optional fields can be cleared.', {
      fields: refused.map((pointer) => ({ field: '/clear', message: `${pointer.slice(0, 60)} cannot be cleared` })),
      hint: `Use JSON Pointers: ${CLEARABLE.join(', ')} or /config/FIELD.`,
    });
  }
  if (config === undefined && fields.length === 0) return { config: undefined, cleared: clear };
  return { config: mergeConfig(connector, before, config ?? {}, fields), cleared: clear };
}

function clearedFields(clear: readonly string[]): string[] {
  return clear.flatMap((pointer) => (pointer.startsWith('/config/') ? [pointer.slice('/config/'.length)] : []));
}

/** Otherwise one changed host would send the stored password to whoever owns the new one. */
function refuseCarriedSecrets(
  { source, connector }: StoredSource,
  before: Config,
  after: Config,
  { config: given = {}, clear = [] }: UpdateRequest,
): void {
  const cleared = clearedFields(clear);
  const [from, to] = [destinationOf(connector, before), destinationOf(connector, after)];
  // What pins a destination, where nothing did, does not change it.
  const isPin = (name: string) => connector.fields[name]?.facts.seenAt !== undefined && from[name] === undefined;
  const moved = changedKeys(from, to).filter((name) => !isPin(name));
  if (moved.length === 0) return;
  const carried = Object.keys(before.secrets).filter(
    (path) =>
      after.secrets[path] === before.secrets[path] && valueAt(given, path) === undefined && !cleared.includes(path),
  );
  if (carried.length === 0) return;
  throw new HeadwaterError(
    'CREDENTIALS_REQUIRED',
    `${moved.join(', ')} decides where ${carried.join(', ')} is sent. Stored credentials are not carried to another destination.`,
    {
      hint: `Give ${carried.join(', ')} again in the same call, if the person means the new destination.`,
      fields: carried.map((name) => ({
        field: `/config/${name}`,
        message: `is needed again, since ${moved.join(', ')} changes`,
      })),
      next: [{ tool: 'get_source', arguments: { source_id: source.id }, why: 'See the destination as it is stored.' }],
    },
  );
}

function changeOf(
  source: Source,
  request: UpdateRequest,
  config: Config | undefined,
  cleared: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Omit<SourceChange, 'changedFields'> {
  const desired = request.desired_state ?? source.desired_state;
  const moved = config !== undefined || desired !== source.desired_state;
  return {
    ...(request.name === undefined ? {} : { name: request.name }),
    ...(request.description === undefined ? {} : { description: request.description }),
    ...(cleared.includes('/description') ? { description: null } : {}),
    options: { ...options, ...(cleared.includes('/options/collection') ? { collection: null } : {}) },
    ...(request.schedule === undefined ? {} : { schedule: request.schedule }),
    ...(cleared.includes('/schedule') ? { schedule: null } : {}),
    ...(request.tags === undefined ? {} : { tags: request.tags }),
    ...(request.desired_state === undefined ? {} : { desiredState: request.desired_state }),
    ...(config === undefined ? {} : { config }),
    status: moved ? untestedStatus(desired) : source.status,
  };
}

function fieldsOf({ name, description, options, schedule, tags, desiredState }: SourceChange): Record<string, unknown> {
  const fields = { name, description, ...options, schedule, tags, desired_state: desiredState };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function changedNames(source: Source, change: SourceChange, configFields: readonly string[] | undefined): string[] {
  const now: Readonly<Record<string, unknown>> = { ...source };
  const own = Object.entries(fieldsOf(change)).filter(
    ([name, value]) => canonicalJson(now[name] ?? null) !== canonicalJson(value),
  );
  return [...own.map(([name]) => name), ...(configFields ?? []).map((name) => `config.${name}`)];
}

/** Fields whose value changed. A secret that was given again counts: whether it is the same is nobody's business. */
function changedFields(connector: Connector, before: Config, after: Config): string[] {
  const settings = changedKeys(canonical(before.settings), canonical(after.settings));
  const secrets = changedKeys(before.secrets, after.secrets).map((path) => path.split('/')[0] ?? path);
  const changed = new Set([...settings, ...secrets]);
  return [...Object.keys(connector.fields), AUTH].filter((name) => changed.has(name));
}

function canonical(settings: Config['settings']): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, canonicalJson(value)]));
}

function changedKeys(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => before[name] !== after[name]);
}

async function testFirst(
  services: Services,
  stored: StoredSource,
  before: Config,
  change: SourceChange,
  changed: readonly string[],
  { run_test }: UpdateRequest,
  call: Call,
) {
  const desired = change.desiredState ?? stored.source.desired_state;
  const needed = changed.some((name) => name === 'desired_state' || name.startsWith('config.'));
  if (run_test === false || !needed || desired !== 'Active') return undefined;
  const { connector } = stored;
  const platform = platformOfSource(services, stored.source.id);
  const checks = standardChecks(platform, connector);
  const { report, resolved, pinned } = await testConfig(
    services,
    connector,
    change.config ?? before,
    { checks },
    call,
    {
      platform,
      source: stored.source,
      ...(change.config ? { changed: true } : {}),
    },
  );
  if (!report.ok) throw testFailed(services, platform, connector, report, change.config ?? before);
  const outcome = outcomeOf(report, desired, resolved);
  return { report, pinned, state: { outcome, status: outcome.status, ...(pinned ? { config: pinned } : {}) } };
}
