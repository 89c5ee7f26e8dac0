import { z } from 'zod';
import { HeadwaterError } from '../errors.ts';
import { DEFAULT_TEST_S, LONGEST_TEST_S } from '../sources/probing.ts';
import { testNewConfig, testSource } from '../sources/test.ts';
import { defineTool } from './define-tool.ts';
import { ATTEMPT_ERRORS, PLATFORM_ERRORS } from './error-sets.ts';
import { config, connectorCode, next, platform, sourceId } from './inputs.ts';

export const testConnectionTool = defineTool({
  name: 'test_connection',
  title: 'Test a connection for real',
  description:
    'Really connect, step by step, read-only, and say what works, what to fix, in which fields, and who can. Give a source_id alone, or connector and config. A failed test is a normal result: correct what the failed steps name and test again. Then create_source.',
  input: z.strictObject({
    source_id: sourceId.optional(),
    connector: connectorCode.optional(),
    config: config.optional(),
    platform,
    checks: z
      .array(z.enum(['cdc']))
      .max(1)
      .optional()
      .describe('cdc: also whether the database is fit for change data capture.'),
    timeout_s: z.number().min(1).max(LONGEST_TEST_S).optional().describe(`Default ${DEFAULT_TEST_S}.`),
  }),
  output: z.object({
    ok: z.boolean(),
    verdict: z.enum(['ok', 'ok_with_warnings', 'failed', 'untested']),
    headline: z.string(),
    depth: z.string(),
    latency_ms: z.number(),
    row_count: z.number().optional(),
    steps: z.array(z.looseObject({})),
    warnings: z.array(z.string()),
    provider: z.looseObject({}).optional(),
    causes: z.array(z.looseObject({})).optional(),
    handoff: z.array(z.looseObject({})).optional(),
    next,
    tested_at: z.string(),
  }),
  role: 'editor',
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  errors: [
    ...PLATFORM_ERRORS,
    'SESSION_NOT_FOUND',
    'CREDENTIALS_REQUIRED',
    ...ATTEMPT_ERRORS,
    'CONNECTOR_NOT_FOUND',
    'INVALID_CONFIG',
    'SOURCE_NOT_FOUND',
    'SOURCE_PAUSED',
    'SECRET_IN_ARGUMENT',
  ],
  handler: async ({ source_id, connector, config: given, platform: code, checks, timeout_s }, { services, call }) => {
    const request = { ...(checks ? { checks } : {}), ...(timeout_s === undefined ? {} : { timeoutS: timeout_s }) };
    if (source_id !== undefined) {
      const extra = Object.entries({ connector, config: given, platform: code }).filter(
        ([, value]) => value !== undefined,
      );
      // Stored credentials must never meet another destination.
      if (extra.length > 0) throw bothGiven(extra.map(([name]) => name));
      return { ...(await testSource(services, source_id, request, call)) };
    }
    if (connector === undefined || given === undefined) throw neitherGiven();
    return {
      ...(await testNewConfig(
        services,
        { ...request, connector, config: given, ...(code ? { platform: code } : {}) },
        call,
      )),
    };
  },
});

function bothGiven(names: string[]): HeadwaterError {
  return new HeadwaterError('INVALID_ARGUMENTS', 'Give source_id alone, or connector and config.', {
    fields: names.map((name) => ({ field: `/${name}`, message: 'cannot go with source_id' })),
    hint: 'To test a change of a stored source, call update_source: it tests before it stores.',
  });
}

export function neitherGiven(): HeadwaterError {
  return new HeadwaterError('INVALID_ARGUMENTS', 'Give source_id alone, or connector and config.', {
    fields: [{ field: '/source_id', message: 'or connector and config are required' }],
  });
}
