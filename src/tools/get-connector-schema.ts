import { z } from 'zod';
import { describeConnector } from '../sources/describe.ts';
import { defineTool } from './define-tool.ts';
import { connectorCode, platform } from './inputs.ts';

export const getConnectorSchemaTool = defineTool({
  name: 'get_connector_schema',
  title: 'Learn what a connector needs',
  description:
    "The JSON Schema of a connector's config, an example, its secret fields, what must be prepared, and what a test checks. Next: test_connection with a config of this form; ask the person for what is missing, and for secrets use references.",
  input: z.strictObject({
    connector: connectorCode.describe('Code, name or alias.'),
    platform,
    detail: z.enum(['essential', 'full']).optional().describe('full adds the rarely needed fields.'),
  }),
  output: z.object({
    connector: z.string(),
    name: z.string(),
    platform: z.string(),
    schema: z.looseObject({}),
    options_schema: z.looseObject({}).optional(),
    secret_fields: z.array(z.string()),
    portable_names: z.looseObject({}),
    example_config: z.looseObject({}),
    prerequisites: z.array(z.string()),
    tests: z.array(z.looseObject({})),
    docs_url: z.string().optional(),
    hidden_fields: z.int().optional(),
  }),
  role: 'viewer',
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  errors: ['CONNECTOR_NOT_FOUND'],
  handler: async (input, { services }) => ({ ...(await describeConnector(services, input)) }),
});
