import { z } from 'zod';
import { PLATFORM_CODES } from '../sources/source.ts';

/** Inputs that several tools share, said once. */

export const platform = z.enum(PLATFORM_CODES).optional();
export const sourceId = z.string().min(1).max(200);
export const connectorCode = z.string().min(1).max(100);
export const config = z
  .looseObject({})
  .describe('Settings of the connector, by its schema. Secrets as references: ${env:NAME}, ${credential:NAME} …');
export const limit = (standard: number, max: number) =>
  z.int().min(1).max(max).optional().describe(`Default ${standard}.`);
export const cursor = z.string().min(1).max(2000).optional().describe('next_cursor of the page before.');
/** What is looked for as it is: no database takes a NUL, and half of a character is none. */
export const searched = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !text.includes('\0') && text.isWellFormed(), {
      error: 'must not contain NUL or half a character',
    });
const printable = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => !UNPRINTABLE.test(text), { error: 'must not contain control or invisible characters' });
/**
 * What cannot be seen or turns text around. Joiners stay where emoji and scripts need them, between signs that are not
 * ASCII, and how a sign is to be drawn; marks stay while they do not pile up.
 */
const UNPRINTABLE = new RegExp(
  [
    /(?!\u200c|\u200d|\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{DI}\u2800]/u,
    /(?<!\P{ASCII})(\u200c|\u200d)|(\u200c|\u200d)(?!\P{ASCII})/u,
    /\p{M}{7}/u,
  ]
    .map(({ source }) => source)
    .join('|'),
  'u',
);

/** One to 255 printable characters.  */
export const name = printable(255)
  .trim()
  .refine((text) => text.length > 0, { error: 'must not be empty' });
export const description = printable(255);
export const tags = z
  .array(
    printable(64)
      .trim()
      .refine((text) => text.length > 0, { error: 'must not be empty' }),
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
