import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from '../../support/root.ts';

const importsOf = (file: string) =>
  [...readFileSync(join(projectRoot, file), 'utf8').matchAll(/^import [^;]*?from '([^']+)'/gm)].map(([, path]) => path);

// The time from spawn to first answer is a budget: whatever these import, every start pays for.
it('serving loads nothing of the other commands', () => {
  expect(importsOf('src/cli.ts')).toEqual([]);
  expect(importsOf('src/commands/stdio.ts')).toEqual(['../app.ts', '../settings.ts', '../transports/stdio.ts']);
});

it('the list of commands loads none of them', () => {
  expect(importsOf('src/commands/index.ts')).toEqual(['./command.ts']);
});
