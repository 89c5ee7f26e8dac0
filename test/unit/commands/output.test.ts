import { describe, expect, it } from 'vitest';
import { toJson } from '../../../src/commands/output/json.ts';
import { createOutput, proseWidth } from '../../../src/commands/output/output.ts';
import { readTerminalWishes } from '../../../src/settings.ts';
import { fakeTerminal } from './fake-terminal.ts';

const painted = (environment: Record<string, string>, columns?: number) => {
  const { out } = fakeTerminal({
    ...readTerminalWishes(environment),
    ...(columns === undefined ? {} : { columns }),
  });
  return out.paint('red', 'x') !== 'x';
};

describe('colours', () => {
  it.each([
    { environment: {}, columns: 80, expected: true },
    { environment: {}, columns: undefined, expected: false },
    { environment: { NO_COLOR: '1' }, columns: 80, expected: false },
    { environment: { NO_COLOR: '' }, columns: 80, expected: true },
    { environment: { FORCE_COLOR: '1' }, columns: undefined, expected: true },
    { environment: { FORCE_COLOR: '0' }, columns: 80, expected: false },
    { environment: { FORCE_COLOR: '1', NO_COLOR: '1' }, columns: undefined, expected: true },
  ])('$environment on $columns columns: $expected', ({ environment, columns, expected }) => {
    expect(painted(environment, columns)).toBe(expected);
  });
});

describe('output', () => {
  it('knows the width of a terminal, and none of a pipe', () => {
    expect(fakeTerminal({ columns: 132 }).out.width).toBe(132);
    expect(fakeTerminal({ columns: 0 }).out.width).toBe(80);
    expect(fakeTerminal({ columns: 7 }).out.width).toBe(40);
    expect(fakeTerminal().out).not.toHaveProperty('width');
    expect(proseWidth(fakeTerminal({ columns: 300 }).out)).toBe(100);
  });

  it('writes over lines on a terminal that can only', () => {
    expect(fakeTerminal({ columns: 80 }).out.live).toBe(true);
    expect(fakeTerminal({ columns: 80, ...readTerminalWishes({ TERM: 'dumb' }) }).out.live).toBe(false);
    expect(fakeTerminal().out.live).toBe(false);
  });

  it('goes on in silence where nobody reads any more, and reports every other failure', () => {
    let listener: (error: Error) => void = () => {};
    const failures: Error[] = [];
    const stream = { write: () => true, on: (_: string, given: (error: Error) => void) => (listener = given) };
    createOutput(stream, { dumb: false }, (error) => failures.push(error));
    listener(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    expect(failures).toEqual([]);
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    listener(full);
    expect(failures).toEqual([full]);
  });
});

describe('JSON', () => {
  const value = { text: 'a\u001b[31m\u009b\u202e\u{e0041}é日', nested: ['line\nbreak'] };

  it('is one line in a pipe and readable on a terminal, and says the same', () => {
    const piped = toJson(value, fakeTerminal().out);
    const shown = toJson(value, fakeTerminal({ columns: 80 }).out);
    expect(piped.trimEnd()).not.toContain('\n');
    expect(shown.split('\n').length).toBeGreaterThan(3);
    expect([piped, shown].map((text) => JSON.parse(text))).toEqual([value, value]);
  });

  it('holds nothing that a terminal would obey', () => {
    expect(toJson(value, fakeTerminal().out).trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});
