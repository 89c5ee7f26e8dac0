import { z } from 'zod';
import { HeadwaterError } from '../errors.ts';
import { fieldProblems } from '../issues.ts';

/** A value that is built on first use and kept. */
export function once<T>(build: () => T): () => T {
  let built: T | undefined;
  return () => {
    built ??= build();
    return built;
  };
}

/** What a model reads of a tool's input or output. */
export function jsonSchema(schema: z.ZodObject, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    override: ({ jsonSchema: part }) => {
      // An object whose inside is told elsewhere says only that it is one. Bounds are checked here all the same, and
      // an error says more than the numbers would; they are not worth their price in every model's context.
      if (part.properties && Object.keys(part.properties).length === 0) {
        delete part.properties;
        if (part.additionalProperties !== false) delete part.additionalProperties;
      }
      for (const bound of ['minLength', 'maxLength', 'minItems', 'maxItems'] as const) delete part[bound];
      if (part.maximum === Number.MAX_SAFE_INTEGER) delete part.maximum;
      if (part.minimum === Number.MIN_SAFE_INTEGER) delete part.minimum;
      // What a server may add to later is not closed to the client.
      if (io === 'output' && part.additionalProperties === false) delete part.additionalProperties;
    },
  });
  return json;
}

/** What is wrong with the arguments, with the names that were meant. */
export function invalidArguments(tool: string, input: z.ZodObject, error: z.ZodError): HeadwaterError {
  const names = Object.keys(input.shape);
  const known = { ...Object.fromEntries(names.map((name) => [name, name])), ...alias(names) };
  return new HeadwaterError('INVALID_ARGUMENTS', `The arguments of ${tool} are not right.`, {
    fields: fieldProblems(error, { known }),
    hint: `It takes: ${names.join(', ')}.`,
  });
}

/** Names that other APIs use for the same thing; they are refused, with the right one. */
function alias(names: readonly string[]): Record<string, string> {
  const aliases = {
    connectionConfig: 'config',
    connection_config: 'config',
    authConfig: 'config',
    id: 'source_id',
    type: 'connector',
    source: 'source_id',
  };
  return Object.fromEntries(Object.entries(aliases).filter(([, meant]) => names.includes(meant)));
}
