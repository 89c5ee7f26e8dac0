import { describeConnector } from '../sources/describe.ts';
import { DEFAULT_TEST_S, LONGEST_TEST_S } from '../sources/probing.ts';
import type { Services } from '../sources/services.ts';
import { testNewConfig } from '../sources/test.ts';
import { audited } from '../sources/trail.ts';
import { defineCommand } from './command.ts';
import { readConfig } from './config-file.ts';
import { writeHandoff } from './handoff-file.ts';
import { onInterrupt } from './interrupt.ts';
import { showSteps } from './live-steps.ts';
import { choice, flag, number, text } from './parameters.ts';
import { reportLines } from './report-lines.ts';
import { connector, operatorCall, platform } from './shared.ts';
import { usageError } from './usage-error.ts';

const HANDED_TO = ['dba', 'network_admin', 'cloud_admin', 'vendor'] as const;

export const testCommand = defineCommand({
  positionals: { connector },
  options: {
    config: { ...text('FILE|-', 'JSON file with the config; - reads it from standard input.'), required: true },
    check: choice('cdc', ['cdc'], 'Also whether the database is fit for change data capture.'),
    timeout: number(
      'SECONDS',
      { min: 1, max: LONGEST_TEST_S },
      `Longest the whole test may take, up to ${LONGEST_TEST_S}; ${DEFAULT_TEST_S} by default.`,
    ),
    again: flag('Tries a login that is paused, once the account was mended at its server.'),
    handoff: choice('ACTOR', HANDED_TO, 'Writes what that person has to do to a file: for a dba the script.'),
    out: text('FILE', 'That file; without, handoff-dba.sql and the like in this folder.'),
    platform,
  },
  description:
    'Really connects, step by step and read-only, and says what works, what to fix, in which fields, and who can. ' +
    'Secrets in the config may be references: ${env:HEADWATER_SECRET_DB}, ${file:/run/secrets/db}.',
  examples: [
    'headwater test postgresql --config shop.json',
    'headwater test pg --config shop.json --check cdc',
    'headwater test pg --config shop.json --check cdc --handoff dba',
    'jq .source shop.json | headwater test pg --config - --json',
  ],
  run: async (
    { connector: code, config: file, check, timeout, again, handoff, out: to, platform: where },
    { app, out, json },
  ) => {
    if (to !== undefined && handoff === undefined) throw usageError('--out needs --handoff');
    const config = await readConfig(file);
    const about = { connector: code, config, ...(where ? { platform: where } : {}) };
    const limits = { ...(check ? { checks: [check] } : {}), ...(timeout === undefined ? {} : { timeoutS: timeout }) };
    const services = forPeople(app.services);
    const interrupt = onInterrupt();
    const call = { ...operatorCall(services, 'test_connection', interrupt.signal), insists: again ?? false };
    try {
      return await audited(services.keepEntry, call.trail, { acts: true }, async () => {
        const { tests } = await describeConnector(services, about);
        const steps = json ? undefined : showSteps(out, new Map(tests.map(({ id, title }) => [id, title])));
        const watched = steps ? { ...call, onStep: steps.onStep } : call;
        const report = await testNewConfig(services, { ...about, ...limits }, watched).finally(() => steps?.stop());
        const letter = report.handoff?.find(({ actor }) => actor === handoff);
        const written = letter && (await writeHandoff(letter, to));
        return {
          document: written === undefined ? report : { ...report, handoff_file: written },
          ok: report.ok,
          lines: () => ['', ...reportLines(out, report, handoff && { actor: handoff, file: written })],
        };
      });
    } finally {
      interrupt.dispose();
    }
  },
});

/** What a person keeps in a file is in no transcript, so there is nothing to warn of; a refusal stays one. */
function forPeople(services: Services): Services {
  return services.inlineSecrets === 'warn' ? { ...services, inlineSecrets: 'allow' } : services;
}
