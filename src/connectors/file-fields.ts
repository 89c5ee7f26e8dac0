import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { type Field, field, UNPRINTABLE } from './fields.ts';

/** Fields of everything that is a file with rows in it. */

/**
 * One file by its absolute path. Not a destination: nothing is sent there. Which files may be read is for
 * `files/file-access.ts` to say, when it is read.
 */
export function filePath(description: string): Field<string | undefined> {
  return field(
    {
      class: 'setting',
      group: 'connection',
      role: 'path',
      title: 'Path',
      description,
      examples: ['/data/sales.csv'],
      aka: ['file', 'file_path', 'filename', 'filepath', 'location'],
    },
    () =>
      z
        .string()
        .min(1)
        .max(4096)
        .refine((text) => !UNPRINTABLE.test(text), { error: 'must not contain control or invisible characters' })
        .refine((text) => isAbsolute(text), { error: 'must be an absolute path; an address goes into url' })
        .refine((text) => !text.split(/[\\/]/).includes('..'), { error: 'must not contain ..' })
        .refine((text) => !/[*?]/.test(text), { error: 'must name one file; patterns are not supported' })
        .optional(),
  );
}

/** How a table is written: one of a few words. */
export function tableSetting<const V extends string>(
  title: string,
  description: string,
  values: readonly [V, ...V[]],
): Field<V | undefined> {
  return field({ class: 'setting', group: 'selection', title, description }, () => z.enum(values).optional());
}

/** How a table is written: a text of some shape. */
export function optionalText(facts: {
  title: string;
  description: string;
  fits: RegExp;
  error: string;
}): Field<string | undefined> {
  const { title, description, fits, error } = facts;
  // A refinement, not a pattern: the description says it, and the schema need not cost its length.
  return field({ class: 'setting', group: 'selection', title, description }, () =>
    z
      .string()
      .max(20)
      .refine((text) => fits.test(text), { error })
      .optional(),
  );
}
