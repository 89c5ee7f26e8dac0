import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { ClosingLine } from './test/support/closing-line.ts';

// Where the service tests have a run of their own (`.ci/run`), they need not be in this one as well.
const withServices = process.env['HEADWATER_TEST_SERVICES'] !== 'apart';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(withServices ? [] : ['test/services/**'])],
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', new ClosingLine()],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Tests wait for servers more than they compute: on a small machine one worker leaves it idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
