import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withSections } from '../../scripts/docs.ts';
import { projectRoot } from '../support/root.ts';

it('README has the tables that the code makes (npm run docs)', () => {
  const text = readFileSync(join(projectRoot, 'README.md'), 'utf8');
  expect(withSections(text)).toBe(text);
});
