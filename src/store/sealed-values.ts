import type { ExpressionBuilder } from 'kysely';
import type { Tables } from './tables.ts';

/** The id of the key that wraps a source's credentials, exactly as the index `sources_by_key` has it. */
export function wrappedBy(eb: ExpressionBuilder<Tables, 'sources'>) {
  return eb.fn<string>('substr', ['sealed', eb.lit(5), eb.lit(16)]);
}
