import { z } from 'zod';
import { describePlatforms } from '../sources/describe.ts';
import { defineTool } from './define-tool.ts';
import { platform } from './inputs.ts';

export const describePlatformsTool = defineTool({
  name: 'describe_platforms',
  title: 'See the platforms',
  description: 'Where sources can live: whether each platform is configured, what it can do, what it cannot and why.',
  input: z.strictObject({ platform }),
  output: z.object({ platforms: z.array(z.looseObject({})) }),
  role: 'viewer',
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  errors: [],
  handler: ({ platform: code }, { services, call }) => ({
    platforms: describePlatforms(services, code, call.principal.tenant),
  }),
});
