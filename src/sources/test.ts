import type { Config } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import { withValues } from '../connectors/paths.ts';
import { HeadwaterError, type NextCall } from '../errors.ts';
import type { Report } from '../probes/report.ts';
import { describeReference } from '../secrets/references.ts';
import { Secret } from '../secrets/secret.ts';
import { askingFor, needsSignIn, offerHandOver } from './asking.ts';
import { destinationFacts } from './destination.ts';
import { freshSource, isStillGood, offerSignIn } from './fresh-source.ts';
import { configWarnings } from './inline-secrets.ts';
import { type Platform, standardChecks } from './platform.ts';
import { type TestRequest, testConfig } from './probing.ts';
import {
  type Call,
  connectorFor,
  offer,
  offerDiscovery,
  offerSchema,
  platformArgument,
  platformOf,
  platformOfSource,
  type Services,
  storedSource,
} from './services.ts';
import { mayConnect, outcomeOf, type PlatformCode, type Source } from './source.ts';
import { outcomeFacts } from './trail.ts';
import { withCredentials } from './with-credentials.ts';

const CORRECT = 'See what each field means, correct those named in the failed step, and test again.';

/** What nobody said is the platform's to say. */
function withChecks(request: TestRequest, platform: Platform, connector: Connector): TestRequest {
  return { ...request, checks: request.checks ?? standardChecks(platform, connector) };
}

export interface ConfigTest extends TestRequest {
  connector: string;
  config: Readonly<Record<string, unknown>>;
  platform?: PlatformCode;
}

export type TestAnswer = Report & { next: NextCall[] };

/** Tests a config that is not stored. */
export async function testNewConfig(services: Services, request: ConfigTest, call: Call): Promise<TestAnswer> {
  const platform = platformOf(services, request.platform);
  const connector = await connectorFor(platform, request.connector, request.config);
  call.trail.concerns(connector);
  const asked = askingFor(services, platform, connector, request.config);
  const { config, handed } = await withCredentials(services, platform, connector, asked, call);
  call.trail.note({ destination_after: destinationFacts(connector, config) });
  const warnings = configWarnings(services, config, handed);
  const { report, pinned = config } = await testConfig(
    services,
    connector,
    config,
    withChecks(request, platform, connector),
    call,
    { platform },
  );
  call.trail.note(outcomeFacts(report));
  return {
    ...report,
    warnings: [...report.warnings, ...warnings],
    next: report.ok
      ? nextAfterPass(services, platform, connector, { ...pinned, secrets: asked.secrets })
      : [
          ...offerHandOver(services, platform, connector, asked, report),
          ...offerSchema(services, platform, connector, CORRECT),
        ],
  };
}

/** Tests a stored source with its stored credentials, at its stored destination, and notes the outcome. */
export async function testSource(
  services: Services,
  id: string,
  request: TestRequest,
  call: Call,
): Promise<TestAnswer> {
  const found = await storedSource(services, id, call);
  refusePaused(services, found.source);
  const platform = platformOfSource(services, id);
  const { stored, refused } = await freshSource(services, found, call);
  const { source, connector, config } = stored;
  const isLost = refused !== undefined && !isStillGood(services, stored);
  const { report, resolved } = await testConfig(
    services,
    connector,
    await config(),
    withChecks(request, platform, connector),
    call,
    { platform, source, ...(isLost ? { refused } : {}) },
  );
  call.trail.note(outcomeFacts(report));
  const drifted = (await platform.sources.driftedSecrets?.(call, source, resolved)) ?? [];
  const outcome = outcomeOf(report, source.desired_state, resolved);
  await platform.sources.noteTest(call, source, outcome, call.trail.take());
  const next = report.ok
    ? offerDiscovery(services, connector, id)
    : [
        ...(needsSignIn(report) ? offerSignIn(services, id) : []),
        ...offerSchema(services, platform, connector, 'See what each field means.'),
      ];
  return { ...report, warnings: [...report.warnings, ...drifted.map(driftWarning)], next };
}

/** Of a secret that is another one although the source was not changed: often what a failed login comes from. */
function driftWarning({ field, from }: { field: string; from: string }): string {
  return `${field}: the secret behind ${from} is another one than at the last test that passed.`;
}

/** @throws HeadwaterError SOURCE_PAUSED: no connection is opened for a source that is not wanted to run */
export function refusePaused(services: Services, source: Source): void {
  if (mayConnect(source.desired_state)) return;
  throw new HeadwaterError(
    'SOURCE_PAUSED',
    `The source is ${source.desired_state.toLowerCase()}, so Headwater opens no connection for it.`,
    {
      hint: 'Set desired_state to Active first.',
      next: offer(services, {
        tool: 'update_source',
        arguments: { source_id: source.id, desired_state: 'Active' },
        why: 'Test it and take it into service.',
      }),
    },
  );
}

/** Only complete calls are offered: a config with literal secrets cannot be repeated here. */
function nextAfterPass(
  services: Services,
  platform: Platform,
  connector: Connector,
  { settings, secrets }: Config,
): NextCall[] {
  if (Object.values(secrets).some((value) => value instanceof Secret)) return [];
  const references = Object.entries(secrets).map(
    ([path, value]) => [path, value instanceof Secret ? undefined : `\${${describeReference(value)}}`] as const,
  );
  const config = withValues(settings, references);
  return offer(services, {
    tool: 'create_source',
    arguments: { connector: connector.vendorCode ?? connector.code, config, ...platformArgument(services, platform) },
    why: 'The test passed: create the source.',
  });
}
