import { z } from 'zod';
import { createSource } from '../sources/create.ts';
import { DESIRED_STATES } from '../sources/source.ts';
import { defineTool } from './define-tool.ts';
import { defined } from './defined.ts';
import { ATTEMPT_ERRORS, PLATFORM_ERRORS } from './error-sets.ts';
import * as inputs from './inputs.ts';

export const createSourceTool = defineTool({
  name: 'create_source',
  title: 'Create a source',
  description:
    'Create a source. It is tested first: on a failed test nothing is stored and the error TEST_FAILED carries the report. desired_state Pending saves it untested for later. Give an idempotency_key to repeat a call safely. Next: discover_source.',
  input: z.strictObject({
    connector: inputs.connectorCode,
    config: inputs.config,
    name: inputs.name.optional().describe('Unique. Default: "<Connector> Connection".'),
    platform: inputs.platform,
    description: inputs.description.optional(),
    options: inputs.options.optional(),
    desired_state: z.enum(DESIRED_STATES).optional().describe('Default Active.'),
    wait: z.boolean().optional().describe('Default true: until the platform has deployed it.'),
    tags: inputs.tags.optional(),
    schedule: inputs.schedule.optional(),
    sync_immediately: z.boolean().optional(),
    run_test: inputs.runTest,
    dry_run: inputs.dryRun,
    idempotency_key: z.string().min(1).max(200).optional(),
  }),
  output: z.object({
    source: inputs.source.optional(),
    report: inputs.report.optional(),
    replayed: z.boolean().optional().describe('This idempotency_key had created it before.'),
    plan: inputs.plan,
    warnings: inputs.warnings,
    next: inputs.next,
  }),
  role: 'editor',
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  errors: [
    ...PLATFORM_ERRORS,
    'SESSION_NOT_FOUND',
    'CREDENTIALS_REQUIRED',
    ...ATTEMPT_ERRORS,
    'CONNECTOR_NOT_FOUND',
    'INVALID_CONFIG',
    'TEST_FAILED',
    'NAME_TAKEN',
    'IDEMPOTENCY_CONFLICT',
    'SECRET_IN_ARGUMENT',
    'UNSUPPORTED',
    'SOURCE_NOT_FOUND',
  ],
  handler: async (input, { services, call }) => ({ ...(await createSource(services, defined(input), call)) }),
});
