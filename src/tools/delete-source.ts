import { z } from 'zod';
import { deleteSource } from '../sources/delete.ts';
import { defineTool } from './define-tool.ts';
import { defined } from './defined.ts';
import { PLATFORM_ERRORS } from './error-sets.ts';
import * as inputs from './inputs.ts';

export const deleteSourceTool = defineTool({
  name: 'delete_source',
  title: 'Delete a source',
  description:
    "Delete a source and its credentials for good. confirm is the source's name; ask the person first. Where the client can, the person is asked as well. left_behind lists what remains at the source, with what removes it.",
  input: z.strictObject({
    source_id: inputs.sourceId,
    confirm: z.string().max(255).describe("The source's name, exactly."),
    dry_run: inputs.dryRun,
  }),
  output: z.object({
    deleted: z.boolean(),
    left_behind: z.array(z.looseObject({})),
    plan: inputs.plan,
    next: inputs.next,
  }),
  role: 'editor',
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  errors: [...PLATFORM_ERRORS, 'SOURCE_NOT_FOUND', 'CONNECTOR_NOT_FOUND', 'CONFIRMATION_REQUIRED', 'VERSION_CONFLICT'],
  handler: async (input, { services, call, person }) => ({
    ...(await deleteSource(services, defined(input), call, person.ask)),
  }),
});
