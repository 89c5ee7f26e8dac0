import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DOCUMENTS, withSections } from '../../scripts/docs.ts';
import { projectRoot } from '../support/root.ts';

it.each(Object.entries(DOCUMENTS))('%s has the tables that the code makes (npm run docs)', (file, sections) => {
  const text = readFileSync(join(projectRoot, file), 'utf8');
  expect(withSections(text, sections)).toBe(text);
});
