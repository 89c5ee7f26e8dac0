import { z } from 'zod';
import { DESIRED_STATES } from '../sources/source.ts';
import { updateSource } from '../sources/update.ts';
import { defineTool } from './define-tool.ts';
import { defined } from './defined.ts';
import { ATTEMPT_ERRORS, PLATFORM_ERRORS } from './error-sets.ts';
import * as inputs from './inputs.ts';

export const updateSourceTool = defineTool({
  name: 'update_source',
  title: 'Change a source',
  description:
    'Change what is given, keep the rest; config is merged field by field. It is tested before it is stored. Stored credentials stay while the destination (host, port, TLS …) stays; when it changes, give them again in the same call.',
  input: z.strictObject({
    source_id: inputs.sourceId,
    name: inputs.name.optional(),
    description: inputs.description.optional(),
    config: inputs.config.optional(),
    clear: z
      .array(z.string().max(200))
      .max(50)
      .optional()
      .describe('JSON Pointers of what to remove: /config/schemas, /description.'),
    options: inputs.options.optional(),
    desired_state: z.enum(DESIRED_STATES).optional(),
    tags: inputs.tags.optional(),
    schedule: inputs.schedule.optional(),
    if_version: z.int().min(1).optional().describe('Refuse if the source is no longer at this version.'),
    run_test: inputs.runTest,
    dry_run: inputs.dryRun,
  }),
  output: z.object({
    source: inputs.source,
    changed: z.array(z.string()),
    report: inputs.report.optional(),
    plan: inputs.plan,
    warnings: inputs.warnings,
    next: inputs.next,
  }),
  role: 'editor',
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  errors: [
    ...PLATFORM_ERRORS,
    'SESSION_NOT_FOUND',
    ...ATTEMPT_ERRORS,
    'SOURCE_NOT_FOUND',
    'CONNECTOR_NOT_FOUND',
    'INVALID_CONFIG',
    'TEST_FAILED',
    'NAME_TAKEN',
    'VERSION_CONFLICT',
    'CREDENTIALS_REQUIRED',
    'SECRET_IN_ARGUMENT',
    'UNSUPPORTED',
  ],
  handler: async (input, { services, call }) => ({ ...(await updateSource(services, defined(input), call)) }),
});
