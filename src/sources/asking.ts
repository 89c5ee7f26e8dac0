import { type Config, parseConfig } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import { isSecret } from '../connectors/fields.ts';
import { partialSettings } from '../connectors/partial.ts';
import { fieldsByPath } from '../connectors/paths.ts';
import { HeadwaterError, type NextCall } from '../errors.ts';
import type { Report } from '../probes/report.ts';
import { Secret } from '../secrets/secret.ts';
import { wantedSecrets } from './credential-fields.ts';
import type { Platform } from './platform.ts';
import { offer, platformArgument, type Services } from './services.ts';

type Given = Readonly<Record<string, unknown>>;

/**
 * The config as parsed; where nothing but secrets is missing, the error says how a person can hand them over.
 * @throws HeadwaterError INVALID_CONFIG
 */
export function askingFor(services: Services, platform: Platform, connector: Connector, given: Given): Config {
  try {
    return parseConfig(connector, given);
  } catch (error) {
    if (!(error instanceof HeadwaterError) || error.code !== 'INVALID_CONFIG') throw error;
    const fields = fieldsByPath(connector);
    const paths = (error.details.fields ?? []).map(({ field }) => field.replace(/^\/config\//, ''));
    const isMissing = (path: string) => {
      const facts = fields.get(path)?.facts;
      return facts !== undefined && isSecret(facts);
    };
    if (paths.length === 0 || !paths.every(isMissing)) throw error;
    const next = offered(services, platform, connector, given);
    throw new HeadwaterError(error.code, error.message, { ...error.details, next });
  }
}

/** After a login that failed with a secret that a person can give: the page where they do. */
export function offerHandOver(
  services: Services,
  platform: Platform,
  connector: Connector,
  config: Config,
  report: Report,
): NextCall[] {
  if (needsSignIn(report)) return offered(services, platform, connector, config.settings);
  const failed = report.steps.find(({ status }) => status === 'fail');
  if (failed?.id !== 'auth' || wantedSecrets(connector, config.settings).length === 0) return [];
  const isReferred = Object.values(config.secrets).some(
    (value) => !(value instanceof Secret) && value.scheme !== 'credential',
  );
  return isReferred ? [] : offered(services, platform, connector, config.settings);
}

/** Whether a test has failed because somebody has to sign in at a provider. */
export function needsSignIn({ steps }: Report): boolean {
  return steps.find(({ status }) => status === 'fail')?.code === 'OAUTH_SIGN_IN_NEEDED';
}

function offered(services: Services, platform: Platform, connector: Connector, given: Given): NextCall[] {
  const settings = settingsIn(connector, given);
  return offer(services, {
    tool: 'request_credentials',
    arguments: {
      connector: connector.vendorCode ?? connector.code,
      ...platformArgument(services, platform),
      config: settings,
    },
    why: 'A person gives the secrets on a page of their own; no conversation sees them.',
  });
}

/** What of a config fits already and may be repeated. */
function settingsIn(connector: Connector, given: Given): Given {
  try {
    return partialSettings(connector, given);
  } catch {
    return {};
  }
}
