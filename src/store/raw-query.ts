import type { CompiledQuery } from 'kysely';

/** A statement as text: building one takes longer than running it, and some run with every call. */
export function rawQuery<Row>(sql: string, parameters: readonly (string | number)[]): CompiledQuery<Row> {
  return {
    sql,
    parameters,
    query: { kind: 'RawNode', sqlFragments: [sql], parameters: [] },
    queryId: { queryId: sql },
  };
}
