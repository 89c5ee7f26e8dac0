import { expect, test } from 'vitest';
import { ScramFault, scram } from '../../../../src/probes/mongodb/scram.ts';

test('a message that is as long as a document is none', async () => {
  const begun = performance.now();
  const login = scram('SCRAM-SHA-256', 'reader', 'a password');
  await expect(login.prove(','.repeat(16 * 1024 * 1024))).rejects.toThrow(ScramFault);
  expect(performance.now() - begun).toBeLessThan(500);
});
