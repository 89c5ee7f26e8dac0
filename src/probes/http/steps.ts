import { networkSteps } from '../network.ts';
import type { StepSpec } from '../probe.ts';
import { inTheClear, tlsStage } from '../stages.ts';
import type { HttpSession } from './session.ts';

/** What every test of something at a URL begins with: from the host name to the connection, encrypted for https. */
export function reachSteps(session: HttpSession): StepSpec[] {
  const { facts, config, link } = session;
  return [
    ...networkSteps(facts, session.context, link),
    tlsStage(facts, async (signal) => {
      if (session.isTls) return session.secure(signal);
      session.wire = link.socket;
      return config.auth.method === 'none' ? { skip: 'the URL is http' } : inTheClear(link, facts, 'the URL is http');
    }),
  ];
}

/** From the host name to the first answer. */
export function connectSteps(
  session: HttpSession,
  ask: (signal: AbortSignal) => Promise<{ status: number }>,
): StepSpec[] {
  return [
    ...reachSteps(session),
    {
      ...httpStep('protocol', 'Answers HTTP', session),
      depth: 'protocol',
      run: async (signal) => ({ evidence: `status ${(await ask(signal)).status}` }),
    },
  ];
}

/** A step that asks something over HTTP; a gate where it does not say otherwise. */
export function httpStep(id: string, title: string, { facts }: HttpSession) {
  return { id, title, gate: true, limitMs: 8000, timeout: { code: 'HTTP_TIMEOUT', facts } } as const;
}
