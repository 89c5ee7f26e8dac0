import type { Connector } from '../../../connectors/define-connector.ts';
import { isObject } from '../../../connectors/paths.ts';
import { apiPlace } from '../../../connectors/vendor/places.ts';
import { type MakeProbe, notReached, probedAs, reached } from '../../../connectors/vendor/probed-as.ts';
import { reachedAt } from '../../../connectors/vendor/reached-at.ts';
import { urlFaults } from '../../../connectors/vendor/url-faults.ts';
import type { Probe } from '../../../probes/probe.ts';
import { kaireonConnector } from './connector.ts';
import { text, url } from './fields.ts';

type Config = Readonly<Record<string, unknown>>;
type Row = Parameters<typeof kaireonConnector>[0];

const KEY = { method: 'access_key', credentials: '${env:HEADWATER_SECRET_KAIREON_KEYS}' };
const FORM =
  "Settings that its form asks for go into options.extra_config under the form's own keys: no page names them.";

/** Our own probe where nothing goes along; how KaireonAI sends what it is given, no page says. */
function open(code: string, server: string): MakeProbe {
  const whole = probedAs(code);
  const near = reached(server);
  return (fields, defaults) => async () => {
    const [full, bare] = await Promise.all([whole(fields, defaults)(), near(fields, defaults)()]);
    const isOpen = ({ auth }: Config) => !isObject(auth) || auth['method'] === 'none';
    const of = (own: Config) => (isOpen(own) ? full : bare) as Probe<unknown>;
    return { plan: (own: Config, ...rest) => of(own).plan(own, ...rest) } as Probe<never>;
  };
}

const http = (row: Pick<Row, 'code' | 'name' | 'aliases' | 'keywords'>, description: string, example: string) =>
  kaireonConnector({
    ...row,
    category: 'api',
    fields: { url: url(description, { required: true, examples: [example], aka: ['base_url', 'endpoint'] }) },
    rules: urlFaults('url'),
    capabilities: row.code === 'rest_api' ? ['test', 'discover', 'preview'] : ['test'],
    example: { url: example },
    probe: open(row.code, row.name),
  });

/** Reached at its own address, or with an API key alone. */
const crm = (row: Pick<Row, 'code' | 'name' | 'keywords'>, example: string, otherwise: MakeProbe) =>
  kaireonConnector({
    ...row,
    category: 'saas',
    fields: {
      instanceUrl: url('Address of your instance.', { title: 'Instance URL', examples: [example] }),
      apiKey: text('API key', {
        description: 'Instead of the address. KaireonAI shows it to its users.',
        role: 'token',
        secret: true,
        aka: ['api_key'],
      }),
    },
    alternatives: { instanceUrl: [], apiKey: [] },
    rules: urlFaults('instanceUrl'),
    example: { instanceUrl: example, auth: KEY },
    probe: (fields, defaults) => {
      const [near, apart] = [reached(row.name)(fields, defaults), otherwise(fields, defaults)];
      return async () => {
        const [there, elsewhere] = await Promise.all([near(), apart()]);
        const of = (own: Config) => (own['instanceUrl'] === undefined ? elsewhere : there) as Probe<unknown>;
        return { plan: (own: Config, ...rest) => of(own).plan(own, ...rest) } as Probe<never>;
      };
    },
  });

/** A service whose settings no page that Headwater knows of lists. */
const service = (row: Pick<Row, 'code' | 'name' | 'keywords' | 'note'>, probe: MakeProbe) =>
  kaireonConnector({
    ...row,
    category: 'saas',
    fields: {},
    prerequisites: [FORM],
    example: { auth: KEY },
    probe,
  });

const at = (name: string, host: string) => reachedAt(name, 'auth', apiPlace(host));
const UNKNOWN_PLACE = 'its address is among the settings that only KaireonAI knows';

export const APIS: readonly Connector[] = [
  service(
    { code: 'braze', name: 'Braze', keywords: ['crm', 'engagement'], note: 'vendor: coming soon' },
    notReached('Braze', UNKNOWN_PLACE),
  ),
  crm(
    { code: 'hubspot', name: 'HubSpot', keywords: ['crm'] },
    'https://api.hubapi.com',
    at('HubSpot', 'api.hubapi.com'),
  ),
  service({ code: 'mailchimp', name: 'Mailchimp', keywords: ['email'] }, notReached('Mailchimp', UNKNOWN_PLACE)),
  http(
    { code: 'rest_api', name: 'REST API', aliases: ['rest', 'http api'], keywords: ['json', 'http'] },
    'Address of the API.',
    'https://api.example.com/v1/orders',
  ),
  crm(
    { code: 'salesforce', name: 'Salesforce', keywords: ['crm', 'sfdc'] },
    'https://acme.my.salesforce.com',
    notReached('Salesforce', 'an API key does not say where its instance is'),
  ),
  service({ code: 'segment', name: 'Segment', keywords: ['cdp'] }, at('Segment', 'api.segment.io')),
  service({ code: 'shopify', name: 'Shopify', keywords: ['commerce', 'shop'] }, notReached('Shopify', UNKNOWN_PLACE)),
  service({ code: 'stripe', name: 'Stripe', keywords: ['payments'] }, at('Stripe', 'api.stripe.com')),
  http(
    { code: 'webhook', name: 'Webhook', aliases: ['web hook'], keywords: ['events', 'http'] },
    'Address that KaireonAI asks with HEAD.',
    'https://hooks.example.com/orders',
  ),
];
