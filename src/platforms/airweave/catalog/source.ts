import type { Category, ConfigFault, Connector } from '../../../connectors/define-connector.ts';
import { AUTH, isObject } from '../../../connectors/paths.ts';
import { type VendorConnector, vendorConnector } from '../../../connectors/vendor/connector.ts';
import type { VendorField, VendorFields } from '../../../connectors/vendor/field.ts';
import { detectAuth } from './detect.ts';
import { byAirweave, type MakeProbe } from './probe.ts';
import { type Offers, PROVIDER_CONFIG, waysOf } from './ways.ts';

/** One source of Airweave's catalog (facts: airweave-sources.json). */
export interface AirweaveSource extends Offers {
  name: string;
  /** `saas` where nothing is said. */
  category?: Category;
  /** Words to find it by. */
  keywords: readonly string[];
  config?: VendorFields;
  rules?: VendorConnector['rules'];
  /** Where the credentials of `direct` come from. */
  credentials?: string;
  /** The feature that Airweave must have switched on for the organization. */
  featureFlag?: string;
  /** It is asked while somebody searches, and never synced. */
  isFederated?: true;
  /** It may sync more often than hourly. */
  isContinuous?: true;
  probe?: MakeProbe;
}

const CALLBACK = 'https://api.airweave.ai/source-connections/callback';

export function airweaveConnector(code: string, source: AirweaveSource): Connector {
  const { name, category = 'saas', keywords, config = {}, rules, probe = byAirweave(name) } = source;
  const ways = waysOf(source);
  return vendorConnector({
    code,
    name,
    category,
    keywords,
    fields: config,
    auth: ways as Readonly<Record<string, VendorFields>>,
    normalise: detectAuth(ways, config),
    rules: (given) => [...providerFaults(source, given), ...(rules?.(given) ?? [])],
    capabilities: ['test'],
    prerequisites: prerequisitesOf(source),
    example: exampleOf(code, source),
    ...noteOf(source),
    probe,
  });
}

function noteOf({ featureFlag, isFederated }: AirweaveSource): { note?: string } {
  if (featureFlag) return { note: `only where Airweave has switched on ${featureFlag}` };
  return isFederated ? { note: 'searched live, never synced' } : {};
}

function prerequisitesOf({ name, direct, credentials, oauth, featureFlag }: AirweaveSource): string[] {
  const app = `An OAuth application of your own at ${name}, with the callback ${CALLBACK} (of your own Airweave: its address).`;
  return [
    ...(direct && credentials ? [credentials] : []),
    ...(oauth === 'app' || oauth === 'oauth1'
      ? [
          `Somebody who signs in to ${name} through a link that lives five minutes; or a token, or your own application.`,
        ]
      : []),
    ...(oauth === 'own_app' || oauth === 'own_app_only' ? [app] : []),
    ...(featureFlag ? [`Airweave must have switched on ${featureFlag} for your organization.`] : []),
    'A collection at Airweave: options.collection names it, options.create_collection makes one.',
  ];
}

/** The way that most people have: what it is given directly, else a browser, else an application of one's own. */
function exampleOf(code: string, { direct, oauth, config = {} }: AirweaveSource): Record<string, unknown> {
  const reference = (name: string) => `\${env:HEADWATER_SECRET_${`${code}_${name}`.toUpperCase()}}`;
  const exampled = (name: string, { secret, examples }: VendorField) => (secret ? reference(name) : examples?.[0]);
  const given = (rows: VendorFields) =>
    Object.entries(rows)
      .filter(([, row]) => row.required || (!row.secret && row.examples))
      .map(([name, row]) => [name, exampled(name, row)] as const);
  const auth = direct
    ? { method: 'direct', ...Object.fromEntries(given(direct)) }
    : oauth === 'app' || oauth === 'oauth1'
      ? { method: 'oauth_browser' }
      : { method: 'oauth_byoc', client_id: 'my-oauth-client', client_secret: reference('client_secret') };
  return { ...Object.fromEntries(given(config)), [AUTH]: auth };
}

/** What a provider is told must be whole and for one of those that serve the source. */
function providerFaults({ providers = [] }: Offers, config: Readonly<Record<string, unknown>>): ConfigFault[] {
  const auth = config[AUTH];
  const given = isObject(auth) && auth['method'] === 'auth_provider' ? auth['provider_config'] : undefined;
  if (!isObject(given)) return [];
  const names = Object.keys(given);
  const isOf = (provider: (typeof providers)[number]) => {
    const { required, optional } = PROVIDER_CONFIG[provider];
    const known: readonly string[] = [...required, ...optional];
    return required.every((name) => names.includes(name)) && names.every((name) => known.includes(name));
  };
  if (names.length === 0 || providers.some(isOf)) return [];
  const forms = providers.map((provider) => `${provider}: ${PROVIDER_CONFIG[provider].required.join(', ') || 'none'}`);
  return [{ path: `${AUTH}/provider_config`, message: `must hold what its provider takes. ${forms.join('; ')}` }];
}
