import { z } from 'zod';
import { defineConnector } from '../define-connector.ts';
import { field, tlsCa } from '../fields.ts';
import { HTTP_AUTH, headers, url } from '../http-fields.ts';
import { OAUTH2 } from '../oauth/fields.ts';
import { oauthFaults } from '../oauth/rules.ts';

export const mcp = defineConnector({
  code: 'mcp',
  name: 'MCP Server',
  category: 'api',
  aliases: ['mcp_server', 'model context protocol'],
  keywords: ['tools', 'agent', 'streamable http', 'sse'],
  docsUrl: 'https://modelcontextprotocol.io/specification',
  fields: {
    base_url: url('Whole address of the MCP endpoint.', 'https://mcp.example.com/mcp', {
      aka: ['url', 'endpoint', 'uri', 'address', 'host', 'server_url'],
    }),
    transport: field<'auto' | 'streamable_http' | 'sse'>(
      {
        class: 'setting',
        group: 'connection',
        title: 'Transport',
        description: 'auto finds out; streamable_http is that of today, sse the older HTTP+SSE.',
      },
      () => z.enum(['auto', 'streamable_http', 'sse']).default('auto'),
    ),
    selected_tools: field<string[] | undefined>(
      {
        class: 'setting',
        group: 'selection',
        title: 'Selected tools',
        description: 'Names of the tools to use. Left out: all that the server lists.',
        examples: [['search', 'fetch']],
        aka: ['tools'],
      },
      () => z.array(z.string().min(1).max(128)).min(1).max(500).optional(),
    ),
    headers: headers(),
    tls_ca: tlsCa(),
  },
  auth: { none: HTTP_AUTH.none, bearer: HTTP_AUTH.bearer, header: HTTP_AUTH.header, oauth2: OAUTH2 },
  rules: oauthFaults,
  capabilities: ['test', 'discover'],
  prerequisites: [
    'The whole address of the MCP endpoint, as its documentation gives it to clients.',
    'An access token, where the server wants one. Headwater lists tools with it and calls none.',
  ],
  example: {
    base_url: 'https://mcp.example.com/mcp',
    auth: { method: 'bearer', token: '${env:HEADWATER_SECRET_MCP}' },
  },
  probe: async () => (await import('../../probes/mcp/index.ts')).mcpProbe,
});
