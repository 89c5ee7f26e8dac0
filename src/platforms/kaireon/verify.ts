import { z } from 'zod';
import type { ApiAnswer, ApiClient } from '../../net/api-client.ts';
import type { StepOutcome, StepSpec } from '../../probes/probe.ts';
import { StepFailure } from '../../probes/problems/index.ts';
import { createRedactor } from '../../secrets/redact.ts';
import { maskedText } from '../remote/in-clear.ts';
import type { Opened } from '../remote/platform.ts';
import type { VendorRun } from '../remote/vendor.ts';
import { found } from './reading.ts';
import { inClearOf, PLATFORM, refused } from './record.ts';
import { CONNECTORS_PATH } from './requests.ts';

const TESTED = z.looseObject({
  success: z.boolean(),
  status: z.string().nullish().catch(undefined),
  message: z.string().nullish().catch(undefined),
  warning: z.string().nullish().catch(undefined),
  lastError: z.string().nullish().catch(undefined),
  latencyMs: z.number().nullish().catch(undefined),
  lastTestedAt: z.string().nullish().catch(undefined),
  lastSyncRowCount: z.number().nullish().catch(undefined),
});
type Tested = z.output<typeof TESTED> & { clean: (text: string) => string };

const LIMIT_MS = 15_000;
const LONGEST = 300;

/** KaireonAI's own test of a connector that is stored there, from where it runs. A test that failed is an answer. */
async function askTest(client: ApiClient, id: string, signal: AbortSignal): Promise<Tested> {
  const request = { method: 'POST', path: `${CONNECTORS_PATH}/test`, body: { id } } as const;
  // To test twice is to test once: it is tried again after a lost connection.
  const answer = await client.send(request, { signal, repeats: true, deadlineMs: LIMIT_MS });
  const said = reading(answer);
  if (said) return await withoutSecrets(client, id, signal, { ...said, clean: answer.clean });
  throw refused(answer);
}

/**
 * What it says of a failure may repeat what stands in clear in the connector's settings. They are read for that, and where
 * they cannot be, what it says is not passed on.
 */
async function withoutSecrets(client: ApiClient, id: string, signal: AbortSignal, tested: Tested): Promise<Tested> {
  if (!tested.lastError && !tested.warning && (tested.success || !tested.message)) return tested;
  const there = await found(client, id, { signal }).catch(() => undefined);
  const redactor = there && createRedactor(inClearOf(there.record));
  const clean = (text: string) =>
    redactor ? redactor.clean(maskedText(tested.clean(text)), LONGEST) : 'its own pages say what';
  return { ...tested, clean };
}

/** No page says with which status a failed test is answered, so it is told by its body. */
function reading({ json }: ApiAnswer): z.output<typeof TESTED> | undefined {
  const result = TESTED.safeParse(json);
  return result.success ? result.data : undefined;
}

/** The step that joins it with ours: of stored sources alone, since a config that is not stored there cannot be tested there. */
export function remoteTest(client: ApiClient): NonNullable<Opened['ownChecks']> {
  return ({ source, changed }) => {
    if (!source || changed) return [];
    const id = source.id.slice(source.id.indexOf(':') + 1);
    return [step((signal) => askTest(client, id, signal))];
  };
}

function step(ask: (signal: AbortSignal) => Promise<Tested>): StepSpec {
  const facts = { server: PLATFORM };
  return {
    id: 'kaireon_test',
    title: 'KaireonAI tests it from where it runs',
    limitMs: LIMIT_MS,
    timeout: { code: 'PLATFORM_CHECK_UNAVAILABLE', facts: { ...facts, what: 'its test did not end in time' } },
    run: async (signal) => outcomeOf(await ask(signal)),
  };
}

function outcomeOf({ success, message, warning, lastError, latencyMs, lastSyncRowCount, clean }: Tested): StepOutcome {
  const ms = typeof latencyMs === 'number' ? ` in ${Math.round(latencyMs)} ms` : '';
  if (!success) {
    const what = sentence(clean(lastError || message || 'its test failed and it does not say why'));
    throw new StepFailure('PLATFORM_TEST_FAILED', { server: PLATFORM, what });
  }
  return {
    evidence: `passed there${ms}`,
    ...(typeof lastSyncRowCount === 'number' ? { rowCount: lastSyncRowCount } : {}),
    ...(warning
      ? { warning: { code: 'PLATFORM_WARNED', facts: { server: PLATFORM, what: sentence(clean(warning)) } } }
      : {}),
  };
}

function sentence(text: string): string {
  return text.trim().replace(/\.$/, '');
}

/** The same as an action. */
export async function verify(client: ApiClient, id: string, signal: AbortSignal): Promise<VendorRun> {
  const { success, message, warning, lastError, lastTestedAt, lastSyncRowCount, clean } = await askTest(
    client,
    id,
    signal,
  );
  const error = success ? undefined : clean(lastError || message || 'it does not say why');
  return {
    run: {
      status: success ? 'completed' : 'failed',
      ...(lastTestedAt ? { completed_at: lastTestedAt } : {}),
      ...(typeof lastSyncRowCount === 'number' ? { counts: { rows: lastSyncRowCount } } : {}),
      ...(error === undefined ? {} : { error }),
    },
    ...(warning ? { warnings: [`${PLATFORM} says: ${clean(warning)}`] } : {}),
  };
}
