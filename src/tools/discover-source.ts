import { z } from 'zod';
import { discoverSource } from '../sources/discover.ts';
import { defineTool } from './define-tool.ts';
import { defined } from './defined.ts';
import { ATTEMPT_ERRORS, PLATFORM_ERRORS, SIGN_IN_ERRORS } from './error-sets.ts';
import * as inputs from './inputs.ts';
import { neitherGiven } from './test-connection.ts';

export const discoverSourceTool = defineTool({
  name: 'discover_source',
  title: 'See what a source holds',
  description:
    'The streams (tables, views) that can be read, a page at a time: names, kinds, row estimates, keys. Name a stream to get its columns. Give source_id, or connector and config. Next: preview_source.',
  input: z.strictObject({
    source_id: inputs.sourceId.optional(),
    connector: inputs.connectorCode.optional(),
    config: inputs.config.optional(),
    query: inputs.searched(200).optional().describe('Part of the name.'),
    stream: inputs.searched(300).optional().describe('NAMESPACE.NAME: this one, with its columns.'),
    advice: z.boolean().optional().describe('Also how to sync each: keys, cursor columns, size, CDC.'),
    limit: inputs.limit(50, 100).describe('Default 50; with advice 20.'),
    cursor: inputs.cursor,
  }),
  output: z.object({
    streams: z.array(z.looseObject({})),
    next_cursor: z.string().optional(),
    warnings: inputs.warnings,
    next: inputs.next,
  }),
  role: 'editor',
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  errors: [
    ...PLATFORM_ERRORS,
    'SESSION_NOT_FOUND',
    'CREDENTIALS_REQUIRED',
    ...ATTEMPT_ERRORS,
    ...SIGN_IN_ERRORS,
    'SOURCE_NOT_FOUND',
    'CONNECTOR_NOT_FOUND',
    'INVALID_CONFIG',
    'SOURCE_PAUSED',
    'SECRET_IN_ARGUMENT',
    'CONNECTION_FAILED',
    'UNSUPPORTED',
    'STREAM_NOT_FOUND',
    'INVALID_CURSOR',
    'DEADLINE_EXCEEDED',
  ],
  handler: async (input, { services, call }) => {
    const { source_id, connector, config } = input;
    const alone = source_id !== undefined && connector === undefined && config === undefined;
    if (!alone && (source_id !== undefined || connector === undefined || config === undefined)) throw neitherGiven();
    return { ...(await discoverSource(services, defined(input), call)) };
  },
});
