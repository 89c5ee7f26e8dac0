import { HeadwaterError } from '../errors.ts';
import type { CredentialForm, Submitted } from '../sources/credential-form.ts';
import { formOf, submitTo } from '../sources/credential-page.ts';
import type { CredentialSession } from '../sources/credential-sessions.ts';
import { noSession } from '../sources/credentials.ts';
import { describeConnector } from '../sources/describe.ts';
import type { Services } from '../sources/services.ts';
import { type Asker, terminalAsker } from './asker.ts';
import { defineCommand, type Outcome } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import { showSteps } from './live-steps.ts';
import type { Output } from './output/output.ts';
import { flag, text } from './parameters.ts';
import { reportLines } from './report-lines.ts';
import { askFields, headLines, problemLines, type Values } from './terminal-form.ts';

export const credentialsCommand = defineCommand({
  positionals: {
    session: { ...text('SESSION', 'The session that the conversation names: cs_…'), required: true },
  },
  options: {
    tenant: text('TENANT', 'Whose session it is; `local` by default.'),
    'skip-test': flag('Takes them for right without connecting.'),
  },
  description:
    'Gives the credentials that an agent has asked for, where its link cannot be opened: the same form in a terminal. ' +
    'Secrets are not shown; a key comes from a file. They are tested for real, and what is wrong is asked for again. ' +
    'The agent learns only that it worked.',
  examples: ['headwater credentials cs_01k9z3v8e4rj5m2n7p6q0s1t2v'],
  surplus: {
    message: 'Only the session is an argument: everybody on this machine can see command lines.',
    hint: 'Credentials are asked for when it runs. If one was given here, treat it as exposed.',
  },
  run: async ({ session: id, tenant = 'local', 'skip-test': skipTest = false }, { app, out, json }) => {
    const find = async () => {
      const session = await app.services.sessions.find(tenant, id);
      if (session?.state === 'waiting' || session?.state === 'ready') return session;
      throw noSession();
    };
    await find();
    return await fillIn({ services: app.services, find, out, json, skipTest }, terminalAsker());
  },
});

export interface FillIn {
  services: Services;
  /** The session as it is now. @throws HeadwaterError SESSION_NOT_FOUND */
  find: () => Promise<CredentialSession>;
  out: Output;
  json: boolean;
  skipTest: boolean;
}

/** Asks, tests, and asks again for what is wrong, until it works or the person gives up. */
export async function fillIn(parts: FillIn, asker: Asker): Promise<Outcome> {
  const { services, find, out } = parts;
  const form = await formOf(services, await find());
  for (const line of headLines(out, form)) asker.say(line);
  let values: Values = {};
  let wrong = new Set<string>();
  for (;;) {
    values = await askFields(asker, form, values, wrong);
    const submitted = await submit(parts, await find(), values);
    if (submitted.state !== 'waiting') return done(out, form, submitted);
    tell(parts, form, submitted, asker);
    const again = await asker.open('Try again? [Y/n] ');
    if (/^n/i.test(again)) return notDone(form, submitted);
    wrong = new Set(submitted.problems.map(({ path }) => path));
  }
}

async function submit(
  { services, out, json, skipTest }: FillIn,
  session: CredentialSession,
  values: Values,
): Promise<Submitted> {
  const { tests } = await describeConnector(services, { connector: session.connector, platform: session.platform });
  const isShown = !json && !skipTest;
  const steps = isShown ? showSteps(out, new Map(tests.map(({ id, title }) => [id, title]))) : undefined;
  const interrupt = onInterrupt();
  try {
    return await submitTo(services, session, values, {
      signal: interrupt.signal,
      surface: 'cli',
      skipTest,
      ...(steps ? { onStep: steps.onStep } : {}),
    });
  } catch (error) {
    // Another password may be tried at once.
    if (!(error instanceof HeadwaterError) || error.code !== 'LOGIN_PAUSED') throw error;
    return { state: 'waiting', problems: [{ path: '', message: error.message }] };
  } finally {
    steps?.stop();
    interrupt.dispose();
  }
}

function tell({ out, json }: FillIn, form: CredentialForm, submitted: Submitted, asker: Asker): void {
  const { report } = submitted;
  const lines = report && !json ? reportLines(out, report) : problemLines(form, submitted);
  for (const line of ['', ...lines, '']) asker.say(line);
}

function done(out: Output, form: CredentialForm, { state, report }: Submitted): Outcome {
  return {
    document: { session_id: form.sessionId, state, ...(report ? { report } : {}) },
    lines: () => [
      ...(report ? ['', ...reportLines(out, report)] : []),
      '',
      `${out.paint('green', 'Stored, sealed.')} Return to your conversation: the agent can go on.`,
    ],
  };
}

function notDone(form: CredentialForm, { state, problems, report }: Submitted): Outcome {
  return {
    document: { session_id: form.sessionId, state, problems, ...(report ? { report } : {}) },
    ok: false,
    lines: () => ['Nothing was stored. The same command goes on while the session lasts.'],
  };
}
