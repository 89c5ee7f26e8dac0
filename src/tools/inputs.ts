import { z } from 'zod';

/** Inputs that several tools share, said once. */

export const platform = z.enum(['local']).optional().describe('Default: the default platform.');
export const sourceId = z.string().min(1).max(200).describe('As list_sources shows it.');
export const connectorCode = z.string().min(1).max(100);
export const config = z
  .looseObject({})
  .describe('Settings of the connector, by its schema. Secrets as references: ${env:NAME}, ${file:/path}.');
export const limit = (standard: number, max: number) =>
  z.int().min(1).max(max).optional().describe(`Default ${standard}.`);
export const cursor = z.string().min(1).max(2000).optional().describe('next_cursor of the page before.');
/** One to 255 printable characters. */
export const name = z
  .string()
  .trim()
  .min(1)
  .max(255)
  .regex(
    /^[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\u200b\ufeff]*$/u,
    'must not contain control or invisible characters',
  );
export const description = z
  .string()
  .max(255)
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*$/u, 'must not contain control characters');
export const tags = z
  .array(
    z
      .string()
      .trim()
      .min(1)
      .max(64)
      .regex(/^[^\p{Cc}\p{Cf}]*$/u, 'must not contain control characters'),
  )
  .max(50);
export const options = z.looseObject({}).describe("The platform's own settings (options_schema).");
export const schedule = z.looseObject({}).describe('Where the platform syncs.');
export const dryRun = z.boolean().optional().describe('Only show what would be done.');
export const runTest = z.boolean().optional().describe('Default true.');

/** Outputs name every top-level field and leave the inside open. */
export const source = z.looseObject({}).describe('The source.');
export const report = z.looseObject({}).describe('The test report.');
export const next = z.array(z.looseObject({})).describe('Complete tool calls that fit now.');
export const warnings = z.array(z.string()).optional();
export const plan = z.looseObject({}).optional().describe('With dry_run: what would be done, secrets masked.');
