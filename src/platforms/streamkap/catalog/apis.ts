import type { VendorField } from '../../../connectors/vendor/field.ts';
import { notReached } from '../../../connectors/vendor/probed-as.ts';
import { reachedAt } from '../../../connectors/vendor/reached-at.ts';
import { placeOfUrl } from './reaching.ts';
import { choice, flag, needed, secret, text, when, whole } from './rows.ts';
import { source } from './source.ts';

/** APIs that Streamkap itself calls; each signs in in one of several ways. */

const mode = (...modes: readonly string[]) => [when('auth_mode', ...modes)];
const asked = (...modes: readonly string[]) => ({ required: true, shownWhen: mode(...modes) });

const strings = (title: string, description: string, more: Partial<VendorField> = {}): VendorField => ({
  type: 'strings',
  title,
  description,
  ...more,
});

const resources = (what: string, more: Partial<VendorField> = {}) => ({
  resources: strings('Resources', what, { required: true, min: 1, role: 'tables', ...more }),
});

const backfill = (otherwise = 'it limits the first sync only') => ({
  backfill_start: text('Backfill start', `Date or time (ISO 8601) to read back to: ${otherwise}.`),
});

const grant = (more: Partial<VendorField> = {}) => ({
  oauth_grant_id: secret(
    'OAuth grant',
    'What a sign-in in the browser at Streamkap gives: good once, for about 10 minutes. Not sent again.',
    more,
  ),
});

const json = (title: string, description: string): VendorField => ({ type: 'json', title, description });

const CALLED = 'Streamkap calls its API, and sees there whether the credentials are good';

const COMMON = { category: 'saas', records: false, capabilities: ['test'] } as const;

export const hubspot = source({
  ...COMMON,
  code: 'hubspot',
  name: 'HubSpot',
  keywords: ['crm'],
  fields: {
    auth_mode: choice('Sign-in', 'With a token, or in the browser (oauth).', ['token', 'oauth'], { essential: true }),
    token: secret('Token', 'Service key, or token of a private app that may read.', asked('token')),
    ...resources('Objects to sync; each gets a topic.', { examples: [['contacts', 'companies']] }),
    api_version: text('API version', 'Version of the API.', { default: '2026-03', enum: ['v3', '2026-03'] }),
    ...backfill(),
    sync_all_properties: flag('All properties', 'Syncs all properties, those that come later too.', true),
    properties: strings('Properties', 'Internal names of the properties to sync.', {
      shownWhen: [when('sync_all_properties', false)],
    }),
    ...grant(asked('oauth')),
  },
  prerequisites: ['A service key or private app with the scopes for reading the objects.'],
  example: { auth_mode: 'token', token: '${env:HEADWATER_SECRET_HUBSPOT}', resources: ['contacts', 'companies'] },
  probe: notReached('HubSpot', CALLED),
});

export const salesforce = source({
  ...COMMON,
  code: 'salesforce',
  name: 'Salesforce',
  keywords: ['crm'],
  fields: {
    auth_mode: choice(
      'Sign-in',
      'With an app (service), in the browser (oauth), or with a key (jwt).',
      ['service', 'oauth', 'jwt'],
      {
        essential: true,
      },
    ),
    domain: text('Domain', 'Address of the org: https://acme.my.salesforce.com.', {
      role: 'url',
      ...asked('service', 'jwt'),
    }),
    ...resources('Objects to sync; each gets a topic.', { examples: [['Account', 'Contact']] }),
    client_id: text('Client ID', 'Consumer key of the external client app.', asked('service', 'jwt')),
    client_secret: secret('Client secret', 'Consumer secret of that app, as a reference.', asked('service')),
    username: text('User', 'The user that the key signs in as.', { role: 'username', ...asked('jwt') }),
    private_key: secret('Private key', 'RSA key without passphrase, PEM text, as a reference.', asked('jwt')),
    api_version: text('API version', 'Version of the API.', { default: 'v67.0', enum: ['v66.0', 'v67.0'] }),
    ...backfill(),
    ...grant(asked('oauth')),
  },
  prerequisites: ['An external client app with the client credentials flow, or a key for the JWT flow.'],
  example: {
    auth_mode: 'service',
    domain: 'https://acme.my.salesforce.com',
    client_id: '3MVG9example',
    client_secret: '${env:HEADWATER_SECRET_SALESFORCE}',
    resources: ['Account', 'Contact'],
  },
  probe: reachedAt('Salesforce', 'domain', ({ domain }) => placeOfUrl(domain), notReached('Salesforce', CALLED)),
});

export const netsuite = source({
  ...COMMON,
  code: 'netsuite',
  name: 'NetSuite',
  keywords: ['erp', 'oracle'],
  fields: {
    auth_mode: choice('Sign-in', 'With a certificate, or with tokens (tba).', ['certificate', 'tba'], {
      essential: true,
    }),
    account_id: needed('Account ID', 'ID of the account, a sandbox with its suffix.', {
      destination: true,
      examples: ['1234567', '1234567_SB1'],
    }),
    ...resources('Tables of SuiteQL to sync, custom records among them.', { examples: [['customer', 'transaction']] }),
    client_id: text('Client ID', 'Client ID of the integration.', asked('certificate')),
    certificate_id: text('Certificate ID', 'ID that NetSuite gave the certificate.', asked('certificate')),
    private_key: secret('Private key', 'RSA or EC P-256 key, PEM text, as a reference.', asked('certificate')),
    private_key_passphrase: secret('Key passphrase', 'Passphrase of the key, where it has one.', {
      shownWhen: mode('certificate'),
    }),
    consumer_key: text('Consumer key', 'Consumer key of the integration.', asked('tba')),
    consumer_secret: secret('Consumer secret', 'Consumer secret of the integration, as a reference.', asked('tba')),
    token_id: text('Token ID', 'ID of the access token.', asked('tba')),
    token_secret: secret('Token secret', 'Secret of the access token, as a reference.', asked('tba')),
    ...backfill(),
  },
  prerequisites: ['An integration with a role that may read through SuiteQL, and its certificate or tokens.'],
  example: {
    auth_mode: 'certificate',
    account_id: '1234567',
    client_id: 'example',
    certificate_id: 'example',
    private_key: '${file:/run/secrets/netsuite.pem}',
    resources: ['customer', 'transaction'],
  },
  probe: reachedAt('NetSuite', 'account_id', ({ account_id }) => ({
    host: `${String(account_id).toLowerCase().replaceAll('_', '-')}.suitetalk.api.netsuite.com`,
    port: 443,
    tls: 'verify-full',
  })),
});

export const stripe = source({
  ...COMMON,
  code: 'stripe',
  name: 'Stripe',
  keywords: ['payments', 'billing'],
  fields: {
    token: secret('Restricted key', 'Key (rk_…) with Read on events and on each resource.', { required: true }),
    ...resources('Objects to sync; each gets a topic.', {
      examples: [['customers', 'charges', 'subscriptions', 'invoices']],
    }),
    api_version: text('API version', "Name of a version of Stripe's; empty: that of the account."),
    ...backfill(),
  },
  prerequisites: ['A restricted key of the account.'],
  example: { token: '${env:HEADWATER_SECRET_STRIPE}', resources: ['customers', 'charges'] },
  probe: notReached('Stripe', CALLED),
});

export const zendesk = source({
  ...COMMON,
  code: 'zendesk',
  name: 'Zendesk',
  keywords: ['support', 'tickets'],
  note: 'A person signs in in the browser at Streamkap',
  fields: {
    subdomain: needed('Subdomain', 'What stands before .zendesk.com. Another one needs a new grant.', {
      destination: true,
      examples: ['acme'],
    }),
    ...resources('Objects to sync; each gets a topic.', {
      examples: [['ticket_audits', 'ticket_comments', 'ticket_metric_events', 'side_conversations']],
    }),
    ...backfill(),
    ...grant(),
  },
  prerequisites: ['A grant: somebody signs in to Zendesk in the browser, at Streamkap.'],
  example: { subdomain: 'acme', resources: ['ticket_audits'], oauth_grant_id: '${env:HEADWATER_SECRET_GRANT}' },
  probe: reachedAt('Zendesk', 'subdomain', ({ subdomain }) => ({
    host: `${String(subdomain)}.zendesk.com`,
    port: 443,
    tls: 'verify-full',
  })),
});

const serviceAccount = (more: Partial<VendorField>): VendorField => ({
  type: 'json',
  title: 'Service account key',
  description: 'Whole text of the JSON key file, as a reference.',
  secret: true,
  ...more,
});

export const googleAnalytics = source({
  ...COMMON,
  code: 'google_analytics',
  name: 'Google Analytics 4',
  aliases: ['ga4', 'google analytics'],
  fields: {
    service_account_key: serviceAccount({ required: true }),
    ...resources('Reports to sync; custom_NAME for each of your own.', { examples: [['custom_daily']] }),
    property_id: needed('Property ID', 'Number of the property.', { examples: ['123456789'] }),
    custom_reports: json('Reports of your own', 'JSON list, each with name, dimensions and metrics.'),
    property_ids: strings('Further properties', 'Numbers of further properties that the key may read.'),
    keep_empty_rows: flag('Keep empty rows', 'Keeps rows in which everything is zero.', false),
    api_version: choice('API version', 'Version of the API.', ['v1beta']),
    ...backfill('90 days back where it is empty'),
  },
  prerequisites: ['A service account that is a viewer of the property.'],
  example: {
    service_account_key: '${file:/run/secrets/google.json}',
    property_id: '123456789',
    resources: ['custom_daily'],
    custom_reports: '[{"name":"daily","dimensions":["date"],"metrics":["activeUsers"]}]',
  },
  probe: notReached('Google Analytics', CALLED),
});

export const facebookAds = source({
  ...COMMON,
  code: 'facebook_ads',
  name: 'Facebook Ads',
  aliases: ['meta ads'],
  fields: {
    access_token: secret('Access token', 'Token of a system user with ads_read.', { required: true }),
    ...resources('Objects and insights to sync; custom_NAME for each of your own.', { examples: [['campaigns']] }),
    app_id: text('App ID', 'ID of the app; it goes with its secret.', { essential: true }),
    app_secret: secret('App secret', 'Secret of the app; it goes with its ID.'),
    custom_insights: json('Insights of your own', 'JSON list, each with a name, a level and more.'),
    include_deleted: flag('Deleted too', 'Syncs objects that were deleted as well.', false),
    account_id: needed('Ad account', 'Number of the account, with act_ before it or not.', {
      examples: ['1234567890'],
    }),
    account_ids: strings('Further accounts', 'Numbers of further accounts that the token may read.'),
    fetch_thumbnail_images: flag('Thumbnails', 'Keeps small pictures (up to 256 KB) in the records.', false),
    api_version: choice('API version', 'Version of the API.', ['v26.0', 'v25.0']),
    ...backfill('about 13 months of insights where it is empty'),
  },
  rules: ({ app_id, app_secret }) =>
    (app_id === undefined) === (app_secret === undefined)
      ? []
      : [
          app_id === undefined
            ? { path: 'app_id', message: 'is required with app_secret' }
            : { path: 'app_secret', message: 'is required with app_id' },
        ],
  prerequisites: ['A system user with ads_read on the account.'],
  example: { access_token: '${env:HEADWATER_SECRET_META}', account_id: '1234567890', resources: ['campaigns'] },
  probe: notReached('Facebook Ads', CALLED),
});

export const googleAds = source({
  ...COMMON,
  code: 'google_ads',
  name: 'Google Ads',
  aliases: ['adwords'],
  fields: {
    auth_mode: needed('Sign-in', 'In the browser (oauth), with a service account, or with a refresh token.', {
      enum: ['oauth', 'service_account', 'refresh_token'],
    }),
    client_id: text('OAuth client ID', 'ID of your own OAuth client.', asked('oauth', 'refresh_token')),
    client_secret: secret(
      'OAuth client secret',
      'Secret of that client, as a reference.',
      asked('oauth', 'refresh_token'),
    ),
    refresh_token: secret('Refresh token', 'Token with the scope adwords, as a reference.', asked('refresh_token')),
    service_account_key: serviceAccount(asked('service_account')),
    ...resources('Objects and daily reports to sync; custom_NAME for each query of your own.', {
      examples: [['campaign']],
    }),
    custom_queries: json('Queries of your own', 'JSON list, each with a name and a query in GAQL.'),
    conversion_window_days: whole('Conversion window', 'Days that are read again for late conversions.', 30, [1, 90]),
    customer_id: needed('Customer ID', 'Number of the account.', { examples: ['123-456-7890'] }),
    customer_ids: strings('Further accounts', 'Numbers of further accounts of the same credentials.'),
    login_customer_id: text('Manager account', 'Number of the manager account that access goes through.'),
    include_client_accounts: flag('Client accounts', 'Syncs all client accounts of a manager.', false),
    api_version: choice('API version', 'Version of the API.', ['v25']),
    ...backfill('two years back where it is empty'),
    ...grant(asked('oauth')),
  },
  prerequisites: ['A sign-in that may read the account: service account, refresh token, or one in the browser.'],
  example: {
    auth_mode: 'service_account',
    service_account_key: '${file:/run/secrets/google.json}',
    customer_id: '123-456-7890',
    resources: ['campaign'],
  },
  probe: notReached('Google Ads', CALLED),
});
