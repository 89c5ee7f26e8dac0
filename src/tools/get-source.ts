import { z } from 'zod';
import { getSource } from '../sources/get.ts';
import { STATUSES } from '../sources/source.ts';
import { defineTool } from './define-tool.ts';
import { defined } from './defined.ts';
import { PLATFORM_ERRORS } from './error-sets.ts';
import * as inputs from './inputs.ts';

export const getSourceTool = defineTool({
  name: 'get_source',
  title: 'Show a source',
  description:
    'One source whole: config (secrets only as "set"), state, last test, last error, version. With wait_for it waits until the source has that status, or wait_s is over.',
  input: z.strictObject({
    source_id: inputs.sourceId,
    wait_for: z.enum(STATUSES).optional(),
    wait_s: z.number().min(0).max(50).optional().describe('Default 30.'),
  }),
  output: z.object({ source: inputs.source }),
  role: 'viewer',
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  errors: [...PLATFORM_ERRORS, 'SOURCE_NOT_FOUND', 'CONNECTOR_NOT_FOUND'],
  handler: async (input, { services, call }) => ({ source: await getSource(services, defined(input), call) }),
});
