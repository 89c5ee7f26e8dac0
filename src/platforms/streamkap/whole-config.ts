import type { Connector } from '../../connectors/define-connector.ts';
import { isSecret } from '../../connectors/fields.ts';
import { namesSecret } from '../../connectors/secret-names.ts';
import { HeadwaterError } from '../../errors.ts';
import type { ApiClient } from '../../net/api-client.ts';
import { Secret } from '../../secrets/secret.ts';
import { notFound } from '../failures.ts';
import type { VendorCall, VendorChange, VendorSource } from '../remote/vendor.ts';
import { isRecord, read } from './answers.ts';
import { holds, rawSources, SPENT } from './reading.ts';
import { pathOf } from './requests.ts';

type Json = Readonly<Record<string, unknown>>;

const MASK = /^[*•x]{3,}$/i;
/** Streamkap makes it itself. */
const ITS_OWN = 'api.key';

/**
 * The whole config that replaces a source's: what changes, and all that does not. Secrets that only Streamkap knows are
 * asked for, for this one request; nobody is shown them.
 * @throws HeadwaterError CREDENTIALS_REQUIRED naming those that Streamkap does not give back
 */
export async function wholeConfig(
  client: Pick<ApiClient, 'send'>,
  before: VendorSource,
  change: VendorChange,
  connector: Connector,
  call: VendorCall,
): Promise<Json> {
  const config = change.config ?? before.config ?? {};
  const promised = change.config
    ? Object.entries(change.config).flatMap(([name, value]) => (isHeld(value) ? [name] : []))
    : (before.secretsSet ?? []);
  const settings = Object.fromEntries(Object.entries(config).filter(([, value]) => !isHeld(value)));
  const wanted = secretsIn(connector).filter(
    (name) => settings[name] === undefined && !change.changedFields.includes(name) && counts(connector, name, settings),
  );
  const now = await currentConfig(client, before.id, wanted.length > 0, call);
  const unknown = Object.entries(now).flatMap(([name, value]) => {
    if (Object.hasOwn(connector.fields, name) || value === null || value === undefined) return [];
    return [[name, typeof value === 'string' && namesSecret(name) ? new Secret(value) : value] as const];
  });
  return { ...Object.fromEntries(unknown), ...settings, ...heldSecrets(connector, wanted, promised, now) };
}

/** An answer without secrets does not say which are set: all that may be are asked for. */
function secretsIn({ fields }: Connector): string[] {
  return Object.entries(fields).flatMap(([name, { facts }]) =>
    isSecret(facts) && !facts.virtual && !SPENT.has(name) ? [name] : [],
  );
}

/** A secret of another way to sign in is refused. */
function counts(connector: Connector, name: string, settings: Json): boolean {
  return holds(connector, connector.fields[name]?.facts.shownWhen ?? [], settings);
}

function heldSecrets(
  connector: Connector,
  wanted: readonly string[],
  promised: readonly string[],
  now: Json,
): Record<string, Secret> {
  const missing: string[] = [];
  const found: Record<string, Secret> = {};
  // An API source keeps what is not sent.
  const mayBeLeftOut = Object.hasOwn(connector.fields, 'resources');
  for (const name of wanted) {
    const value = now[name];
    if (typeof value === 'string' && value !== '' && !MASK.test(value)) found[name] = new Secret(value);
    else if (promised.includes(name) && !mayBeLeftOut && name !== ITS_OWN) missing.push(name);
  }
  if (missing.length === 0) return found;
  throw new HeadwaterError(
    'CREDENTIALS_REQUIRED',
    'Streamkap does not give back a secret that the change must repeat.',
    {
      hint: 'A config is replaced there as a whole. Give the named fields again in config, as references.',
      fields: missing.map((name) => ({ field: `/config/${name}`, message: 'must be given again' })),
    },
  );
}

/** What is nobody's here: the reference of a secret that the platform holds. */
function isHeld(value: unknown): boolean {
  return isRecord(value) && !(value instanceof Secret) && value['scheme'] === 'platform';
}

async function currentConfig(
  client: Pick<ApiClient, 'send'>,
  id: string,
  withSecrets: boolean,
  call: VendorCall,
): Promise<Json> {
  const query = withSecrets ? { secret_returned: true } : {};
  const answer = await read(client, { method: 'GET', path: pathOf(id), query }, call);
  const [source] = answer ? rawSources(answer.json) : [];
  if (!isRecord(source)) throw notFound(`streamkap:${id}`);
  return isRecord(source['config']) ? source['config'] : {};
}
