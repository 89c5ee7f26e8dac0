import { z } from 'zod';
import { listSources } from '../sources/list.ts';
import { STATUSES } from '../sources/source.ts';
import { defineTool } from './define-tool.ts';
import { defined } from './defined.ts';
import { PLATFORM_ERRORS } from './error-sets.ts';
import * as inputs from './inputs.ts';

export const listSourcesTool = defineTool({
  name: 'list_sources',
  title: 'List sources',
  description:
    'Sources of a platform, newest first, in short form; filter by connector, status, tag or part of the name. get_source shows one whole.',
  input: z.strictObject({
    platform: inputs.platform,
    connector: inputs.connectorCode.optional(),
    status: z.enum(STATUSES).optional(),
    tag: z.string().max(64).optional(),
    query: z.string().min(1).max(255).optional().describe('Part of the name.'),
    limit: inputs.limit(20, 100),
    cursor: inputs.cursor,
  }),
  output: z.object({
    sources: z.array(z.looseObject({})),
    total: z.int().optional().describe('Absent beyond 100.'),
    next_cursor: z.string().optional(),
  }),
  role: 'viewer',
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  errors: [...PLATFORM_ERRORS, 'INVALID_CURSOR', 'CONNECTOR_NOT_FOUND'],
  handler: async (input, { services, call }) => ({ ...(await listSources(services, defined(input), call)) }),
});
