import { z } from 'zod';
import { RUN_ACTIONS } from '../sources/platform.ts';
import { runSource } from '../sources/run.ts';
import { defineTool } from './define-tool.ts';
import { defined } from './defined.ts';
import { PLATFORM_ERRORS } from './error-sets.ts';
import * as inputs from './inputs.ts';

export const runSourceTool = defineTool({
  name: 'run_source',
  title: 'Run a source',
  description:
    'Sync, snapshot, restart, cancel what runs, verify a browser sign-in or reauthenticate, where its platform has that. describe_platforms says which there are.',
  input: z.strictObject({
    source_id: inputs.sourceId,
    action: z.enum(RUN_ACTIONS),
    streams: z.array(inputs.searched(255)).min(1).max(200).optional(),
    wait_s: z.number().min(0).max(50).optional(),
  }),
  output: z.object({
    source: inputs.source,
    run: z.looseObject({}).optional().describe('Its id, status and counts.'),
    warnings: inputs.warnings,
    next: inputs.next,
  }),
  role: 'editor',
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  errors: [...PLATFORM_ERRORS, 'SOURCE_NOT_FOUND', 'CONNECTOR_NOT_FOUND', 'UNSUPPORTED'],
  handler: async (input, { services, call }) => ({ ...(await runSource(services, defined(input), call)) }),
});
