import { DATE, flag, host, key, part, text, url, whole } from './fields.ts';
import { field, toPlace, under } from './probe.ts';
import { ALL } from './providers.ts';
import type { AirweaveSource } from './source.ts';

/** Customers, sales, payments and support. */
export const BUSINESS: Readonly<Record<string, AirweaveSource>> = {
  apollo: {
    name: 'Apollo',
    keywords: ['crm', 'sales', 'leads'],
    credentials: 'An API key of Apollo.',
    direct: { api_key: key('API key', 'API key of Apollo.', { min: 10 }) },
    providers: ALL,
  },
  attio: {
    name: 'Attio',
    keywords: ['crm'],
    credentials: 'An API key of Attio.',
    direct: { api_key: key('API key', 'API key of Attio.', { min: 10 }) },
    providers: ALL,
  },
  calcom: {
    name: 'Cal.com',
    keywords: ['calendar', 'scheduling', 'bookings'],
    credentials: 'An API key of Cal.com.',
    direct: { api_key: key('API key', 'API key of Cal.com.', { min: 10 }) },
    config: {
      host: url('Address', 'Address of the API, for a Cal.com of your own. https:// may be left out.', {
        default: 'https://api.cal.com',
        pattern: {
          is: /^(https?:\/\/)?[^\s/?#@]+(\/\S*)?$/i,
          says: 'must be an http or https address without credentials',
        },
      }),
    },
    isContinuous: true,
    providers: ALL,
    probe: toPlace('Cal.com', field('host')),
  },
  ctti: {
    name: 'CTTI AACT',
    category: 'database',
    keywords: ['clinical trials', 'aact', 'research'],
    credentials: 'An account of the AACT database of clinical trials.',
    direct: {
      username: part('User', 'User of the AACT database.', { min: 1, role: 'username', examples: ['headwater'] }),
      password: key('Password', "The user's password.", { min: 1, role: 'password' }),
    },
    config: {
      limit: whole('Limit', 'Most trials to read.', { default: 10_000 }),
      skip: whole('Skip', 'How many trials to pass over first.', { default: 0, min: 0 }),
    },
    isContinuous: true,
  },
  freshdesk: {
    name: 'Freshdesk',
    keywords: ['support', 'tickets', 'helpdesk'],
    credentials: 'An API key of a Freshdesk agent.',
    direct: { api_key: key('API key', 'API key of an agent.', { min: 1 }) },
    config: {
      domain: host('Domain', 'Domain of your Freshdesk.', { required: true, examples: ['acme.freshdesk.com'] }),
    },
    providers: ALL,
    probe: toPlace('Freshdesk', under('domain', 'freshdesk.com')),
  },
  hubspot: {
    name: 'HubSpot',
    keywords: ['crm', 'marketing'],
    oauth: 'app',
    config: {
      after_date: text('After', 'Read only what changed after this day: YYYY-MM-DD.', {
        pattern: DATE,
        essential: true,
      }),
    },
    providers: ALL,
  },
  intercom: {
    name: 'Intercom',
    keywords: ['support', 'conversations', 'crm'],
    oauth: 'app',
    config: {
      exclude_closed_conversations: flag('Leave out closed', 'Leave out conversations that are closed.'),
    },
    providers: ALL,
  },
  pipedrive: {
    name: 'Pipedrive',
    keywords: ['crm', 'sales', 'deals'],
    credentials: 'An API token of Pipedrive.',
    direct: { api_token: key('API token', 'API token of Pipedrive.', { min: 10 }) },
  },
  salesforce: {
    name: 'Salesforce',
    keywords: ['crm', 'sales'],
    oauth: 'own_app_only',
    config: {
      instance_url: text('Instance', 'Host of the instance. Signing in fills it in.', { destination: true }),
      api_version: text('API version', 'Version of the API of Salesforce.', { default: '58.0' }),
    },
    providers: ALL,
    probe: toPlace('Salesforce', field('instance_url')),
  },
  shopify: {
    name: 'Shopify',
    keywords: ['shop', 'orders', 'e-commerce', 'retail'],
    credentials: 'Client ID and secret of an app in the Shopify admin.',
    direct: {
      client_id: part('Client ID', 'Of your app in the Shopify admin.', { min: 10, examples: ['0123456789abcdef'] }),
      client_secret: key('Client secret', 'Of your app in the Shopify admin.', { min: 10 }),
    },
    config: {
      shop_domain: host('Shop domain', 'Domain of the shop at Shopify.', {
        required: true,
        min: 3,
        examples: ['acme.myshopify.com'],
      }),
    },
    probe: toPlace('Shopify', under('shop_domain', 'myshopify.com')),
  },
  stripe: {
    name: 'Stripe',
    keywords: ['payments', 'charges', 'invoices'],
    credentials: 'A secret key of Stripe.',
    direct: {
      api_key: key('API key', 'Secret key of Stripe.', {
        min: 20,
        pattern: { is: /^sk_(test|live)_[A-Za-z0-9]+$/, says: 'must begin with sk_test_ or sk_live_' },
      }),
    },
    providers: ALL,
  },
  zendesk: {
    name: 'Zendesk',
    keywords: ['support', 'tickets', 'helpdesk'],
    oauth: 'own_app',
    config: {
      subdomain: text('Subdomain', 'What stands before .zendesk.com.', {
        required: true,
        destination: true,
        examples: ['acme'],
      }),
      exclude_closed_tickets: flag('Leave out closed', 'Leave out tickets that are closed.'),
    },
    rules: ({ subdomain }) =>
      String(subdomain).trim() === '' ? [{ path: 'subdomain', message: 'must not be blank' }] : [],
    providers: ALL,
    probe: toPlace('Zendesk', under('subdomain', 'zendesk.com')),
  },
  zoho_crm: {
    name: 'Zoho CRM',
    keywords: ['crm', 'sales', 'zoho'],
    credentials: 'Access and refresh token of Zoho CRM.',
    direct: {
      access_token: key('Access token', 'Access token of Zoho CRM.'),
      refresh_token: key('Refresh token', 'Refresh token of Zoho CRM.'),
    },
    oauth: 'app',
    providers: ALL,
  },
};
