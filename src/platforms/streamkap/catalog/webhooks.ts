import type { VendorFields } from '../../../connectors/vendor/field.ts';
import { notReached } from '../../../connectors/vendor/probed-as.ts';
import { reachedAt } from '../../../connectors/vendor/reached-at.ts';
import { placeOfUrl } from './reaching.ts';
import { choice, flag, LIST, secret, text } from './rows.ts';
import { source } from './source.ts';

/** What others send to Streamkap. */

const RECEIVER: VendorFields = {
  'webhook.url': text('Webhook URL', 'Where to send to. Streamkap makes it and shows it once the source is there.', {
    serverAssigned: true,
  }),
  'api.key': secret('API key', 'What senders show. Streamkap makes it with the source: leave it out.', {
    serverAssigned: true,
  }),
};

const topics = (standard: string) => ({
  'topic.include.list.user.defined': text('Topics', 'Topics or objects to keep, with commas between them.', {
    default: standard,
    role: 'tables',
    portable: LIST,
  }),
});

const ROUTER = 'camel.source.payload.router';

interface Router {
  flatten?: { standard: boolean; prefix: string };
  event: boolean;
  fanout?: boolean;
  deadLetters: boolean;
}

/** Which event goes to which topic, and in what form. */
function router({ flatten, event, fanout = false, deadLetters }: Router): VendorFields {
  return {
    [`${ROUTER}.unknown.type.behavior`]: choice('Other events', 'What becomes of events of objects not listed.', [
      'DEFAULT_TOPIC',
      'SKIP',
      'FAIL',
    ]),
    [`${ROUTER}.unknown.type.default.topic`]: text('Topic of other events', 'Topic for events of objects not listed.', {
      default: 'unknown',
    }),
    ...(flatten
      ? {
          [`${ROUTER}.flatten.detail`]: flag('Flatten', 'Nested fields of a record come to its top.', flatten.standard),
          [`${ROUTER}.flatten.detail.prefix`]: text(
            'Flatten: prefix',
            'What to write before the names of these fields.',
            {
              default: flatten.prefix,
            },
          ),
        }
      : {}),
    [`${ROUTER}.include.event`]: flag('Keep the event', 'The record keeps what its event says about itself.', event),
    ...(fanout
      ? {
          [`${ROUTER}.fanout.fields`]: text('Fan out', 'Nested lists that get topics of their own.', { default: '' }),
        }
      : {}),
    'camel.source.dlq.enabled': flag('Dead letters', 'Records that fail go to a topic of their own.', deadLetters),
  };
}

const RECEIVES = 'it is who sends, and Streamkap who receives';

export const webhook = source({
  code: 'webhook',
  name: 'Webhook',
  category: 'api',
  aliases: ['incoming webhook'],
  keywords: ['http', 'events', 'push'],
  fields: {
    ...RECEIVER,
    'camel.source.camelMessageHeaderKey': text('Key header', 'Header of a message that holds the key of the record.', {
      default: 'key',
      essential: true,
    }),
    ...topics('default_topic'),
    format: choice('Format', 'What the messages are written in.', ['json', 'string'], { essential: true }),
    'transforms.inferSchema.add.delete.field': flag('Mark deletions', 'DELETE leaves a mark in the record.', false),
  },
  capabilities: ['test'],
  prerequisites: ['Whoever is to send can be given an address and a key.'],
  example: { 'topic.include.list.user.defined': 'orders', format: 'json' },
  probe: notReached('The sender', RECEIVES),
});

export const stripeWebhook = source({
  code: 'stripe_webhook',
  name: 'Stripe',
  category: 'saas',
  aliases: ['stripe webhooks'],
  fields: {
    ...RECEIVER,
    [`${ROUTER}.stripe.signing.secret`]: secret('Signing secret', 'Checks the signature of events; empty: unchecked.', {
      default: '',
    }),
    'camel.source.snapshot.stripe.api.key': secret('Secret key', 'Key of Stripe for snapshots, as a reference.', {
      default: '',
    }),
    ...topics('customer,payment_intent,charge,invoice'),
    ...router({ event: true, fanout: true, deadLetters: true }),
  },
  capabilities: ['test'],
  prerequisites: ['Somebody who may add a webhook endpoint in Stripe.'],
  example: {
    'topic.include.list.user.defined': 'customer,charge',
    [`${ROUTER}.stripe.signing.secret`]: '${env:HEADWATER_SECRET_STRIPE}',
  },
  probe: notReached('Stripe', RECEIVES),
});

const SALESFORCE = 'camel.source.snapshot.salesforce';

export const salesforceWebhook = source({
  code: 'salesforce_webhook',
  name: 'Salesforce CDC',
  category: 'saas',
  fields: {
    ...RECEIVER,
    [`${SALESFORCE}.instance.url`]: text('Instance URL', 'Address of the org, for snapshots.', {
      default: '',
      role: 'url',
    }),
    [`${SALESFORCE}.auth.client.id`]: text('Client ID', 'Consumer key of the connected app.', { default: '' }),
    [`${SALESFORCE}.auth.client.secret`]: secret('Client secret', 'Consumer secret of the app, as a reference.', {
      default: '',
    }),
    [`${SALESFORCE}.auth.username`]: text('User', 'Only where the app signs in as a user.', {
      default: '',
      role: 'username',
    }),
    [`${SALESFORCE}.auth.password`]: secret(
      'Password and token',
      'Password of that user, its security token behind it.',
      {
        default: '',
        role: 'password',
      },
    ),
    ...topics('Account,Contact,Lead,Opportunity'),
    'camel.source.cdc.enabled': flag('Change events', 'Subscribes to the change events of Salesforce.', true),
    ...router({ flatten: { standard: true, prefix: '' }, event: false, deadLetters: true }),
  },
  capabilities: ['test'],
  prerequisites: ['Change data capture is on in Salesforce for the objects, and there is a connected app.'],
  example: {
    [`${SALESFORCE}.instance.url`]: 'https://acme.my.salesforce.com',
    [`${SALESFORCE}.auth.client.id`]: '3MVG9example',
    [`${SALESFORCE}.auth.client.secret`]: '${env:HEADWATER_SECRET_SALESFORCE}',
  },
  probe: reachedAt(
    'Salesforce',
    `${SALESFORCE}.instance.url`,
    (config) => placeOfUrl(config[`${SALESFORCE}.instance.url`]),
    notReached('Salesforce', RECEIVES),
  ),
});

const SHOPIFY = 'camel.source.snapshot.shopify';

export const shopifyWebhook = source({
  code: 'shopify_webhook',
  name: 'Shopify',
  category: 'saas',
  fields: {
    ...RECEIVER,
    [`${SHOPIFY}.store.url`]: text('Store URL', 'Address of the store, for snapshots.', { default: '', role: 'url' }),
    [`${SHOPIFY}.client.id`]: text('Client ID', 'ID of the app in the Dev Dashboard.', { default: '' }),
    [`${SHOPIFY}.client.secret`]: secret('Client secret', 'Secret of that app, as a reference.', { default: '' }),
    [`${SHOPIFY}.access.token`]: secret('Access token', 'Token of an older custom app, in place of ID and secret.', {
      default: '',
    }),
    [`${SHOPIFY}.api.version`]: text('API version', 'Version of the Admin API for snapshots.', { default: '2024-10' }),
    [`${ROUTER}.shopify.hmac.secret`]: secret('HMAC secret', 'Checks the signature of events; empty: unchecked.', {
      default: '',
    }),
    ...topics('orders,products,customers'),
    ...router({ event: false, fanout: true, deadLetters: true }),
  },
  capabilities: ['test'],
  prerequisites: ['Somebody who may add webhooks to the store.'],
  example: {
    [`${SHOPIFY}.store.url`]: 'https://acme.myshopify.com',
    [`${SHOPIFY}.client.id`]: 'example',
    [`${SHOPIFY}.client.secret`]: '${env:HEADWATER_SECRET_SHOPIFY}',
  },
  probe: reachedAt(
    'Shopify',
    `${SHOPIFY}.store.url`,
    (config) => placeOfUrl(config[`${SHOPIFY}.store.url`]),
    notReached('Shopify', RECEIVES),
  ),
});

export const zendeskWebhook = source({
  code: 'zendesk_webhook',
  name: 'Zendesk Webhook',
  category: 'saas',
  fields: {
    ...RECEIVER,
    ...router({ flatten: { standard: false, prefix: 'detail_' }, event: true, fanout: true, deadLetters: false }),
  },
  capabilities: ['test'],
  prerequisites: ['Somebody who may add a webhook in Zendesk.'],
  example: {},
  probe: notReached('Zendesk', RECEIVES),
});
