import type { Config } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import { HeadwaterError, type NextCall } from '../errors.ts';
import type { Report } from '../probes/report.ts';
import { askingFor, offerHandOver } from './asking.ts';
import { canonicalJson } from './canonical.ts';
import { destinationFacts } from './destination.ts';
import { type CreateRequest, draftOf } from './draft.ts';
import { configWarnings } from './inline-secrets.ts';
import { refuseUnsupported, refuseWorkerReferences } from './options.ts';
import { planCreate, takenNames } from './plan.ts';
import { type NewSource, type Platform, standardChecks } from './platform.ts';
import { testConfig } from './probing.ts';
import type { IdempotencyEntry } from './repository.ts';
import {
  type Call,
  connectorFor,
  offer,
  offerDiscovery,
  offerSchema,
  platformArgument,
  platformOf,
  type Services,
} from './services.ts';
import { outcomeOf, type Source } from './source.ts';
import { attach, withCredentials } from './with-credentials.ts';

export interface CreateAnswer {
  source?: Source;
  report?: Report;
  replayed?: boolean;
  plan?: Record<string, unknown>;
  warnings?: string[];
  next: NextCall[];
}

/**
 * Validates, tests, then stores: on a failed test nothing is stored.
 * @throws HeadwaterError TEST_FAILED with the report, NAME_TAKEN, INVALID_CONFIG, IDEMPOTENCY_CONFLICT …
 */
export async function createSource(services: Services, request: CreateRequest, call: Call): Promise<CreateAnswer> {
  const platform = platformOf(services, request.platform);
  refuseUnsupported(platform, request);
  const connector = await connectorFor(platform, request.connector, request.config);
  call.trail.concerns(connector);
  // Asked first: a hand-over that the source has by now cannot be used again.
  const idempotency = request.dry_run ? undefined : await idempotencyOf(services, request, call);
  const earlier = idempotency && (await platform.sources.replayed(call, idempotency));
  if (earlier) return { source: earlier, replayed: true, next: nextFor(services, connector, earlier) };

  const asked = askingFor(services, platform, connector, request.config);
  const { config, handed, sessions } = await withCredentials(services, platform, connector, asked, call);
  call.trail.note({ destination_after: destinationFacts(connector, config), fields: fieldsOf(request, config) });
  refuseWorkerReferences(platform, config);
  const warnings = configWarnings(services, config, handed);
  const draft = draftOf(platform, connector, config, request);
  if (request.dry_run) return plan(services, platform, draft, request, call, warnings);

  const tested = await testFirst(services, platform, draft, request, call);
  const {
    source,
    replayed,
    warnings: told = [],
  } = await platform.sources.create(call, { ...draft, ...tested?.state }, call.trail.take(), idempotency);
  await attach(services, sessions);
  return {
    source,
    ...(tested ? { report: tested.report } : {}),
    ...(replayed ? { replayed } : {}),
    ...(warnings.length + told.length > 0 ? { warnings: [...warnings, ...told] } : {}),
    next: nextFor(services, connector, source),
  };
}

/** What the new source was given, by name. */
function fieldsOf(request: CreateRequest, { settings, secrets }: Config): string[] {
  const own = ['name', 'description', 'options', 'desired_state', 'tags'] as const;
  const names = new Set([...Object.keys(settings), ...Object.keys(secrets).map((path) => path.split('/')[0] ?? path)]);
  return [...own.filter((name) => request[name] !== undefined), ...[...names].map((name) => `config.${name}`)];
}

/** `Pending` is saved for later, `Paused` and `Stopped` open no connection: only `Active` is tested. */
async function testFirst(services: Services, platform: Platform, draft: NewSource, request: CreateRequest, call: Call) {
  if (request.run_test === false || draft.desiredState !== 'Active') return undefined;
  // Storing asks again; this is so that nobody waits for a test whose source could not be stored.
  if (await platform.sources.nameTaken(call, draft.name)) throw takenName(services, platform, draft, request);
  const checks = standardChecks(platform, draft.connector);
  const { report, resolved, pinned } = await testConfig(services, draft.connector, draft.config, { checks }, call, {
    platform,
  });
  if (!report.ok) throw testFailed(services, platform, draft.connector, report, draft.config);
  const outcome = outcomeOf(report, draft.desiredState, resolved);
  if (pinned) call.trail.note({ destination_after: destinationFacts(draft.connector, pinned) });
  return { report, state: { outcome, status: outcome.status, ...(pinned ? { config: pinned } : {}) } };
}

/** The error that carries a failed test. */
export function testFailed(
  services: Services,
  platform: Platform,
  connector: Connector,
  report: Report,
  config: Config,
): HeadwaterError {
  return new HeadwaterError('TEST_FAILED', report.headline, {
    hint: 'Nothing was stored. Correct the fields of the failed steps, or hand over what is for others, then call again.',
    report,
    retryable: report.steps.some((step) => step.status === 'fail' && step.retryable === true),
    next: [
      ...offerHandOver(services, platform, connector, config, report),
      ...offerSchema(services, platform, connector, 'See what each field means.'),
    ],
  });
}

async function idempotencyOf(
  services: Services,
  request: CreateRequest,
  { principal }: Call,
): Promise<IdempotencyEntry | undefined> {
  const { idempotency_key: key, ...rest } = request;
  if (key === undefined) return undefined;
  return {
    subject: principal.subject,
    tool: 'create_source',
    key,
    digest: await services.fingerprint(canonicalJson(rest)),
  };
}

function takenName(services: Services, platform: Platform, draft: NewSource, request: CreateRequest): HeadwaterError {
  const hint =
    request.name === undefined
      ? 'Give this one a name of its own.'
      : 'Choose another name, or use the source that is there.';
  return new HeadwaterError('NAME_TAKEN', `There is a source named ${JSON.stringify(draft.name)} already.`, {
    hint,
    fields: [{ field: '/name', message: 'is taken' }],
    next: offer(services, {
      tool: 'list_sources',
      arguments: { query: draft.name, ...platformArgument(services, platform) },
      why: 'See the source that has the name.',
    }),
  });
}

async function plan(
  services: Services,
  platform: Platform,
  draft: NewSource,
  request: CreateRequest,
  call: Call,
  warnings: string[],
): Promise<CreateAnswer> {
  const said = [...warnings, ...(await takenNames(platform, call, draft.name))];
  return {
    plan: {
      action: 'create',
      ...(await planCreate(services, platform, draft, request, call)),
      tests: draft.desiredState === 'Active',
    },
    ...(said.length > 0 ? { warnings: said } : {}),
    next: [],
  };
}

function nextFor(services: Services, connector: Connector, source: Source): NextCall[] {
  if (source.desired_state !== 'Active') return [];
  const isOnItsWay = source.status === 'Starting' || source.status === 'Pending' || source.status === 'NeedsAuth';
  if (isOnItsWay) {
    const until = { source_id: source.id, wait_for: 'Active', wait_s: 50 };
    const why = source.todo.length > 0 ? 'Once the person has done what todo says.' : 'Until it is in service.';
    return offer(services, { tool: 'get_source', arguments: until, why });
  }
  if (source.status !== 'Unknown') return offerDiscovery(services, connector, source.id);
  const test = { tool: 'test_connection', arguments: { source_id: source.id }, why: 'It has not been tested yet.' };
  return offer(services, test);
}
