import { z } from 'zod';
import { defineConnector } from '../define-connector.ts';
import { field, tlsCa } from '../fields.ts';
import { HTTP_AUTH, headers, pathText, url } from '../http-fields.ts';
import { OAUTH2 } from '../oauth/fields.ts';
import { oauthFaults } from '../oauth/rules.ts';

const POINTER = /^(\/([^~/]|~[01])*)+$/;

export const restApi = defineConnector({
  code: 'rest_api',
  name: 'REST API',
  category: 'api',
  aliases: ['rest', 'http_api', 'json_api', 'api'],
  keywords: ['http', 'json', 'web service', 'endpoint'],
  docsUrl: 'https://www.rfc-editor.org/rfc/rfc9110',
  fields: {
    url: url('Base address of the API.', 'https://api.example.com/v1'),
    test_path: field<string | undefined>(
      {
        class: 'setting',
        group: 'connection',
        title: 'Test path',
        description: 'A path below the URL that only answers with credentials, and holds records.',
        examples: ['/customers?limit=5'],
      },
      () => pathText().optional(),
    ),
    records_path: field<string | undefined>(
      {
        class: 'setting',
        group: 'selection',
        title: 'Records',
        description: 'JSON Pointer to the list of records in an answer. Left out: the usual places.',
        examples: ['/data'],
      },
      () => z.string().max(200).regex(POINTER, { error: 'must be a JSON Pointer such as /data' }).optional(),
    ),
    headers: headers(),
    pagination: field<string | undefined>(
      {
        class: 'setting',
        group: 'selection',
        title: 'Pagination',
        description: 'How the API pages, for those who will read it: link_header, cursor, page or offset.',
        advanced: true,
      },
      () => z.enum(['none', 'link_header', 'cursor', 'page', 'offset']).optional(),
    ),
    tls_ca: tlsCa(),
  },
  auth: { ...HTTP_AUTH, oauth2: OAUTH2 },
  rules: oauthFaults,
  capabilities: ['test', 'discover', 'preview'],
  prerequisites: [
    'The base address of the API, and a path that lists something with these credentials.',
    'Credentials that may read; which way they go (bearer token, basic, a header, a query parameter) is in its documentation.',
  ],
  example: {
    url: 'https://api.example.com/v1',
    test_path: '/customers',
    auth: { method: 'bearer', token: '${env:HEADWATER_SECRET_API}' },
  },
  probe: async () => (await import('../../probes/http/index.ts')).restProbe,
});
