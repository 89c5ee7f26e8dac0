import { z } from 'zod';
import { CAPABILITIES, CATEGORIES } from '../connectors/define-connector.ts';
import { listConnectors } from '../sources/describe.ts';
import { defineTool } from './define-tool.ts';
import { cursor, limit, platform } from './inputs.ts';

export const listConnectorsTool = defineTool({
  name: 'list_connectors',
  title: 'Find connectors',
  description:
    'Find the connector for a system, by name, alias or product ("postgres", "supabase", "pg"); typos are forgiven. Start here. Then get_connector_schema shows what it needs.',
  input: z.strictObject({
    query: z.string().max(200).optional().describe('Name, alias or keyword.'),
    category: z.enum(CATEGORIES).optional(),
    platform,
    capability: z.enum(CAPABILITIES).optional(),
    limit: limit(20, 100),
    cursor,
  }),
  output: z.object({
    connectors: z.array(z.looseObject({})),
    total: z.int(),
    next_cursor: z.string().optional(),
  }),
  role: 'viewer',
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  errors: ['INVALID_CURSOR'],
  handler: async (input, { services }) => ({ ...(await listConnectors(services, input)) }),
});
