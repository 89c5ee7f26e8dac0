import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { AppParts } from '../../../../src/app.ts';
import { type InMemory, inMemory } from '../../../support/in-memory.ts';
import { temporaryFolder } from '../../../support/temp.ts';

export interface Step {
  id: string;
  status: string;
  code?: string;
  fields?: string[];
  actor?: string;
  evidence?: string;
  message?: string;
  fix?: { text: string };
}

export interface Report {
  ok: boolean;
  verdict: string;
  depth: string;
  row_count?: number;
  steps: Step[];
}

/** The product with a folder that it may read, beside one that it may not. */
export interface CsvLab extends InMemory {
  readonly root: string;
  readonly elsewhere: string;
  /** Writes a file under the root. @returns its path */
  write(name: string, content: string | Uint8Array): Promise<string>;
  test(config: Record<string, unknown>, timeoutS?: number): Promise<Report>;
}

export async function csvLab(environment: Record<string, string> = {}, parts: AppParts = {}): Promise<CsvLab> {
  const folder = await temporaryFolder('csv');
  const [root, elsewhere] = [join(folder.path, 'data'), join(folder.path, 'elsewhere')];
  await Promise.all([mkdir(root), mkdir(elsewhere)]);
  const session = await inMemory({ HEADWATER_FILE_ROOTS: root, ...environment }, parts);
  return {
    ...session,
    root,
    elsewhere,
    async write(name, content) {
      const path = join(root, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
      return path;
    },
    async test(config, timeoutS = 5) {
      return (await session.done('test_connection', { connector: 'csv', config, timeout_s: timeoutS })) as never;
    },
    async close() {
      await session.close();
      await folder.remove();
    },
  };
}

export function stepOf({ steps }: Report, id: string): Step | undefined {
  return steps.find((step) => step.id === id);
}

/** The first step that failed, with everything that a failure promises. */
export function failureOf(report: Report): Step {
  const step = report.steps.find(({ status }) => status === 'fail');
  expect(step, JSON.stringify(report)).toBeDefined();
  expect(step?.fix?.text).toMatch(/\w.*\.$/);
  expect(step?.actor).toBeDefined();
  return step as Step;
}
