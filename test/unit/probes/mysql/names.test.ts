import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { literal, quote, quoteAccount } from '../../../../src/probes/mysql/names.ts';

describe('texts in statements', () => {
  it('are plain where nothing in them could mean anything, and hexadecimal elsewhere', () => {
    expect(literal('order_lines')).toBe("'order_lines'");
    expect(literal('')).toBe("''");
    expect(literal("a'b")).toBe('_utf8mb4 0x612762');
    expect(literal('a\\')).toBe('_utf8mb4 0x615c');
    expect(literal('größe')).toMatch(/^_utf8mb4 0x[0-9a-f]+$/);
  });

  it('never leave their quotes, whatever they hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(literal(text)).toMatch(/^('[\w .,$-]*'|_utf8mb4 0x([0-9a-f]{2})+)$/);
        expect(quote(text).slice(1, -1).replaceAll('``', '')).not.toContain('`');
      }),
    );
  });
});

it('an account is a name and a host, and the name may hold an @', () => {
  expect(quoteAccount('reader@%')).toBe('`reader`@`%`');
  expect(quoteAccount('ada@example.com@10.0.0.%')).toBe('`ada@example.com`@`10.0.0.%`');
  expect(quoteAccount('reader')).toBe('`reader`@`%`');
});
