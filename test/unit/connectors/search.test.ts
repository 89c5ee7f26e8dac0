import { describe, expect, test } from 'vitest';
import { postgresql } from '../../../src/connectors/databases/postgresql.ts';
import type { Connector } from '../../../src/connectors/define-connector.ts';
import { findConnector, searchConnectors } from '../../../src/connectors/search.ts';
import { HeadwaterError } from '../../../src/errors.ts';

/** A catalog with neighbours, so that an order shows. */
const named = (code: string, over: Partial<Connector> = {}): Connector => ({
  ...postgresql,
  code,
  name: code,
  aliases: [],
  keywords: [],
  ...over,
});
const CATALOG = [
  named('mysql', { name: 'MySQL', keywords: ['sql', 'aurora'] }),
  named('postgres_cdc', { name: 'Postgres CDC', category: 'stream', capabilities: ['test'] }),
  postgresql,
  named('stripe', { name: 'Stripe', category: 'saas', capabilities: ['test'] }),
];
const codes = (query?: string, filter = {}) => searchConnectors(CATALOG, { query, ...filter }).map(({ code }) => code);

describe('searching', () => {
  test.each([
    ['postgresql', 'postgresql'],
    ['postgres', 'postgresql'],
    ['pg', 'postgresql'],
    ['psql', 'postgresql'],
    ['postgre sql', 'postgresql'],
    ['Postgre-SQL', 'postgresql'],
    ['PostGres', 'postgresql'],
    ['ＰＯＳＴＧＲＥＳ', 'postgresql'],
    ['postgers', 'postgresql'],
    ['postgesql', 'postgresql'],
    ['postgrsql', 'postgresql'],
    ['supabase', 'postgresql'],
    ['cloud sql', 'postgresql'],
    ['timesc', 'postgresql'],
    ['neon', 'postgresql'],
    ['stripe', 'stripe'],
    ['Stirpe', 'stripe'],
    ['my sql', 'mysql'],
  ])('%s finds %s first', (query, code) => {
    expect(codes(query)[0]).toBe(code);
  });

  test('the exact one is before those that begin like it, then keywords', () => {
    expect(codes('postgres')).toEqual(['postgresql', 'postgres_cdc']);
    expect(codes('aurora')).toEqual(['mysql', 'postgresql']); // equals stand by code
    expect(codes('sql')).toContain('mysql');
  });

  test.each(['oracle', 'zz', 'x', 'postgresqlpostgresqlx-unlike'])('%s finds nothing that is not there', (query) => {
    expect(codes(query).filter((code) => code !== 'postgresql')).toEqual([]);
  });

  test('a short word is not taken for a typo of another', () => {
    expect(codes('pq')).toEqual([]);
    expect(codes('rdb')).toEqual([]);
  });

  test.each([undefined, '', '   ', '--', '🚀'])('%j is no question: the whole catalog in its order', (query) => {
    expect(codes(query)).toEqual(CATALOG.map(({ code }) => code));
  });

  test('filters hold with and without a question', () => {
    expect(codes(undefined, { category: 'saas' })).toEqual(['stripe']);
    expect(codes('postgres', { category: 'stream' })).toEqual(['postgres_cdc']);
    expect(codes(undefined, { capability: 'preview' })).toEqual(['mysql', 'postgresql']);
    expect(codes('stripe', { category: 'database' })).toEqual([]);
  });

  test('the order does not depend on that of the catalog', () => {
    const reversed = searchConnectors([...CATALOG].reverse(), { query: 'postgres' }).map(({ code }) => code);
    expect(reversed).toEqual(codes('postgres'));
  });
});

describe('finding', () => {
  test.each(['postgresql', 'PostgreSQL', 'postgres', 'pg', 'psql', 'postgre sql', ' PG '])('%s', (text) => {
    expect(findConnector(CATALOG, text).code).toBe('postgresql');
  });

  /** What it says of a name that is none. */
  function missing(text: string): HeadwaterError {
    try {
      throw new Error(`found ${findConnector(CATALOG, text).code}`);
    } catch (error) {
      if (error instanceof HeadwaterError) return error;
      throw error;
    }
  }

  test.each([
    ['postgers', 'postgresql'],
    ['supabase', 'postgresql'],
    ['striper', 'stripe'],
  ])('%s: did you mean %s?', (text, code) => {
    const error = missing(text);
    expect(error.code).toBe('CONNECTOR_NOT_FOUND');
    expect(error.message).toBe(`There is no connector ${JSON.stringify(text)}.`);
    expect(error.details.hint).toMatch(new RegExp(`^Did you mean ${code} \\(`));
    expect(error.details.fields).toEqual([{ field: '/connector', message: `did you mean ${code}?` }]);
    expect(error.details.next).toMatchObject([{ tool: 'list_connectors' }]);
  });

  test('nothing like it', () => {
    const { details } = missing('oracle');
    expect(details.hint).toBe('list_connectors shows which there are.');
    expect(details.fields).toEqual([{ field: '/connector', message: 'is not a known connector' }]);
  });

  test('a name of any length is quoted short and escaped', () => {
    expect(missing(`"\n${'x'.repeat(5000)}`).message.length).toBeLessThan(120);
  });
});
