import { describe, expect, it } from 'vitest';
import { readArguments } from '../../../src/commands/arguments.ts';
import { defineCommand } from '../../../src/commands/command.ts';
import { choice, flag, number, text } from '../../../src/commands/parameters.ts';

const command = defineCommand({
  positionals: {
    connector: { ...text('CONNECTOR', ''), required: true },
    words: { ...text('WORDS', ''), rest: true },
  },
  options: {
    config: { ...text('FILE|-', ''), required: true },
    state: choice('STATE', ['Active', 'NeedsAuth'], ''),
    limit: number('N', { min: 1, max: 100, whole: true }, ''),
    full: flag(''),
  },
  description: '',
  examples: [],
  run: async () => ({ document: {}, lines: () => [] }),
});

const read = (...args: string[]) => readArguments('test', command, args);

describe('arguments', () => {
  it('are read by the tables of the command', () => {
    expect(read('pg', '--config', '-', '--limit=20', '--full', '--state', 'needsauth', 'two', 'words')).toEqual({
      connector: 'pg',
      config: '-',
      limit: 20,
      full: true,
      state: 'NeedsAuth',
      words: 'two words',
    });
  });

  it('leave out what was not given, and the flags that every command has', () => {
    expect(read('pg', '--config', 'x', '--json', '-h')).toEqual({ connector: 'pg', config: 'x' });
  });

  it('may begin with a dash after --', () => {
    expect(read('--config', 'x', '--', '-odd')).toEqual({ connector: '-odd', config: 'x' });
  });

  it.each([
    [[], 'CONNECTOR is missing.'],
    [['pg'], '--config FILE|- is missing.'],
    [['pg', '--config'], '--config needs a value: --config FILE|-'],
    [['pg', '--config', '--json'], '--config needs a value: --config FILE|-'],
    [['pg', '--config='], '--config must be some text.'],
    [['pg', '--confg', 'x'], 'test has no option --confg. Did you mean --config?'],
    [['pg', '-x'], 'test has no option -x.'],
    [['pg', '--constructor'], 'test has no option --constructor.'],
    [['pg', '--config', 'x', '--full=1'], '--full takes no value.'],
    [['pg', '--config', 'x', '--json=1'], '--json takes no value.'],
    [['pg', '--config', 'x', '--limit', '0'], '--limit must be a whole number from 1 to 100.'],
    [['pg', '--config', 'x', '--limit', '1.5'], '--limit must be a whole number from 1 to 100.'],
    [['pg', '--config', 'x', '--limit', '1e1'], '--limit must be a whole number from 1 to 100.'],
    [['pg', '--config', 'x', '--state', 'Actve'], '--state must be one of Active, NeedsAuth.'],
  ])('%j: %s', (args, message) => expect(() => read(...args)).toThrow(message));
});
