import { defineConnector } from '../define-connector.ts';
import { tlsCa } from '../fields.ts';
import { HTTP_AUTH, headers, url } from '../http-fields.ts';

export const webhook = defineConnector({
  code: 'webhook',
  name: 'Webhook',
  category: 'api',
  aliases: ['web_hook', 'http_endpoint', 'callback'],
  keywords: ['http', 'events', 'push'],
  docsUrl: 'https://www.rfc-editor.org/rfc/rfc9110',
  fields: {
    url: url('Address of the webhook.', 'https://hooks.example.com/orders'),
    headers: headers(),
    tls_ca: tlsCa(),
  },
  auth: HTTP_AUTH,
  capabilities: ['test'],
  prerequisites: ['The address, and how it wants to be authenticated. The test delivers nothing: it asks with HEAD.'],
  example: {
    url: 'https://hooks.example.com/orders',
    auth: { method: 'header', name: 'X-Signature-Key', value: '${env:HEADWATER_SECRET_HOOK}' },
  },
  probe: async () => (await import('../../probes/http/webhook.ts')).webhookProbe,
});
