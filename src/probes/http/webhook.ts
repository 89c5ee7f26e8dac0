import { reached } from '../network.ts';
import type { Probe, StepSpec } from '../probe.ts';
import { evidenceOf, judgeStatus } from './judge.ts';
import { type HttpConfig, HttpSession } from './session.ts';
import { connectSteps, httpStep } from './steps.ts';
import { Asked, proofOf } from './stranger.ts';

const HEAD = { method: 'HEAD', path: '' } as const;
/** What a webhook answers to HEAD that takes POST alone: it is there. */
const NOT_IMPLEMENTED = 501;
const BY_DELIVERY = 'HEAD does not show it: have whoever delivers send one event, and see that it is accepted.';

/** The probe of webhooks: the address is there and lets us in. Nothing is delivered: HEAD, and 405 is an answer too. */
export const webhookProbe: Probe<HttpConfig> = {
  plan: (config, context) => {
    const session = new HttpSession(config, context, 'HTTP');
    const asked = new Asked(session);
    const judged: StepSpec = {
      ...httpStep('auth', 'Address and credentials are accepted', session),
      depth: 'auth',
      run: async (signal, limitMs) => {
        const answer = reached(asked.answer);
        if (answer.status !== NOT_IMPLEMENTED) judgeStatus(session, answer, session.url.pathname);
        if (config.auth.method === 'none') return { evidence: evidenceOf(session, answer) };
        return proofOf(session, await asked.asStranger(HEAD, { signal, limitMs }), { fix: BY_DELIVERY });
      },
    };
    return {
      subject: `The webhook at ${session.url.host}`,
      endpoint: session.facts,
      steps: [...connectSteps(session, (signal) => asked.ask(HEAD, signal)), judged],
      close: () => session.close(),
      session: () => ({ discover: async () => ({ streams: [] }), preview: async () => undefined }),
    };
  },
};
