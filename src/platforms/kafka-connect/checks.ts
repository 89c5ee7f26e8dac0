import type { Connector } from '../../connectors/define-connector.ts';
import { isObject } from '../../connectors/paths.ts';
import type { ApiAnswer } from '../../net/api-client.ts';
import type { StepOutcome, StepSpec } from '../../probes/probe.ts';
import { StepFailure } from '../../probes/problems/index.ts';
import { Secret } from '../../secrets/secret.ts';
import type { Source } from '../../sources/source.ts';
import { literalsIn } from './literals.ts';
import { installedPlugins, rawConfig } from './reading.ts';
import { installHint, isMissingPlugin, missingText, refused } from './refusals.ts';
import { sentConfig } from './requests.ts';
import { type Ask, NAME } from './worker.ts';

export interface Subject {
  connector: Connector;
  values: Readonly<Record<string, unknown>>;
  source?: Source;
}

/** What the plugin says of one setting. */
interface Verdict {
  name: string;
  errors: readonly string[];
}

const LIMIT_MS = 20_000;
/** What plugins say once they have tried to connect, from where they run. */
const CONNECTING =
  /unable to connect|error while validating connector config|connection to .* refused|timed out|communications link/i;
/** Settings that plugins hand on without listing them. */
const HANDED_ON =
  /^(schema\.history\.internal\.|driver\.|signal\.|transforms\.|predicates\.|topic\.creation\.|(key|value|header)\.converter\.|producer\.override\.|errors\.|database\.|converters\.)/;

/** The plugin's own validation, which connects to the database from the worker; and what becomes of secrets there. */
export function checksOf(ask: Ask, subject: Subject): StepSpec[] {
  const { connector, values } = subject;
  const timeout = {
    code: 'PLATFORM_CHECK_UNAVAILABLE',
    facts: { server: NAME, what: 'it did not answer in time' },
  } as const;
  const open = literalsIn(connector, values);
  return [
    {
      id: 'worker_config',
      title: 'Validation by the worker',
      limitMs: LIMIT_MS,
      timeout,
      run: (signal) => validated(ask, subject, signal),
    },
    ...(open.length > 0
      ? [{ id: 'worker_secrets', title: 'Secrets in the worker', limitMs: 1000, timeout, run: () => readable(open) }]
      : []),
  ];
}

function readable(names: readonly string[]): StepOutcome {
  const what = `secrets that are sent as they are can be read by everybody who can read its REST API or its config topic (${names.join(', ')})`;
  const fix = 'Put them where a worker reads them itself (config.providers), and give ${worker:provider:path:key}.';
  return { warning: { code: 'PLATFORM_WARNED', facts: { server: NAME, what, fix }, fields: [...names] } };
}

async function validated(ask: Ask, { connector, values, source }: Subject, signal: AbortSignal): Promise<StepOutcome> {
  const { vendorCode = '' } = connector;
  const installed = await installedPlugins(ask, { signal });
  if (installed.length > 0 && !installed.includes(vendorCode)) throw notInstalled(connector, installed);
  const held = source ? await heldThere(ask, source.name, values, signal) : {};
  const body = sentConfig(source?.name ?? 'headwater-test', connector, { ...values, ...held });
  const path = `/connector-plugins/${encodeURIComponent(vendorCode)}/config/validate`;
  const answer = await ask({ method: 'PUT', path, body }, { signal, repeats: true, deadlineMs: LIMIT_MS });
  if (answer.status >= 400) {
    if (isMissingPlugin(answer) || answer.status === 404) throw notInstalled(connector, installed);
    throw refused(answer, connector, 'validate the config');
  }
  const verdicts = verdictsIn(answer);
  const wrong = verdicts.filter(({ errors }) => errors.length > 0);
  if (wrong.length > 0) throw failureOf(connector, wrong, answer);
  const strange = unlisted(connector, values, new Set(verdicts.map(({ name }) => name)));
  if (strange.length > 0) {
    const what = `the installed plugin does not list ${strange.join(', ')}`;
    return { warning: { code: 'PLATFORM_SCHEMA_DIFFERS', facts: { server: NAME, what }, fields: strange } };
  }
  return { evidence: `The plugin accepts ${verdicts.length} settings.` };
}

/** Secrets that only the worker has: it is asked with its own. */
async function heldThere(
  ask: Ask,
  name: string,
  values: Subject['values'],
  signal: AbortSignal,
): Promise<Record<string, Secret>> {
  const held = Object.keys(values).filter((key) => isHeld(values[key]));
  if (held.length === 0) return {};
  const raw = (await rawConfig(ask, name, { signal })) ?? {};
  return Object.fromEntries(held.flatMap((key) => (raw[key] === undefined ? [] : [[key, new Secret(raw[key])]])));
}

function isHeld(value: unknown): boolean {
  return isObject(value) && value['scheme'] === 'platform';
}

function verdictsIn({ json }: ApiAnswer): Verdict[] {
  const configs = isObject(json) && Array.isArray(json['configs']) ? json['configs'] : [];
  return configs.flatMap((entry) => {
    const value = isObject(entry) && isObject(entry['value']) ? entry['value'] : undefined;
    if (!value || typeof value['name'] !== 'string') return [];
    const errors = Array.isArray(value['errors']) ? value['errors'].map(String) : [];
    return [{ name: value['name'], errors: [...new Set(errors)] }];
  });
}

function failureOf(connector: Connector, wrong: readonly Verdict[], answer: ApiAnswer): StepFailure {
  const fields = wrong.map(({ name }) => name).filter((name) => connector.fields[name]);
  const told = wrong.flatMap(({ name, errors }) => errors.map((error) => `${name}: ${readableError(answer, error)}`));
  const what = told.join('; ').slice(0, 500).replace(/\.$/, '');
  const cannotConnect = wrong.every(({ errors }) => errors.every((error) => CONNECTING.test(error)));
  const code = cannotConnect ? 'PLATFORM_TEST_FAILED' : 'PLATFORM_REFUSED_CONFIG';
  return new StepFailure(code, { server: NAME, what }, { fields });
}

function readableError(answer: ApiAnswer, error: string): string {
  return answer
    .clean(error)
    .replace(/^The '[\w.-]+' value is invalid: |^Error while validating connector config: /, '')
    .replace(/\s+/g, ' ')
    .slice(0, 300);
}

function notInstalled(connector: Connector, installed: readonly string[]): StepFailure {
  const what = missingText(connector, installed).replace(/\.$/, '');
  return new StepFailure(
    'PLATFORM_REFUSED_CONFIG',
    { server: NAME, what, fix: installHint(connector) },
    { fields: [] },
  );
}

/** Drift: what the catalog has and this version of the plugin does not say. */
function unlisted({ fields }: Connector, values: Subject['values'], known: ReadonlySet<string>): string[] {
  return Object.keys(values).filter(
    (name) =>
      name !== 'extra' && fields[name] && !fields[name].facts.virtual && !known.has(name) && !HANDED_ON.test(name),
  );
}
