import { HeadwaterError } from '../../errors.ts';
import { networkFailure, reached } from '../network.ts';
import type { StepOutcome } from '../probe.ts';
import { type ProblemCode, StepFailure } from '../problems/index.ts';
import { upgrade } from '../tls.ts';
import { unlessUnmasked } from '../unmask.ts';
import { service } from './descriptor.ts';
import type { Session } from './session.ts';
import { askListener, type ListenerAnswer } from './tns.ts';

/** The listener's reasons ("Error Messages", ORA-12500 to 12699) → problem. */
const REASONS: Readonly<Record<number, ProblemCode>> = {
  12505: 'SERVICE_UNKNOWN',
  12514: 'SERVICE_UNKNOWN',
  12521: 'SERVICE_UNKNOWN',
  12516: 'TOO_MANY_CONNECTIONS',
  12518: 'TOO_MANY_CONNECTIONS',
  12519: 'TOO_MANY_CONNECTIONS',
  12520: 'TOO_MANY_CONNECTIONS',
  12526: 'SERVER_NOT_READY',
  12527: 'SERVER_NOT_READY',
  12528: 'SERVER_NOT_READY',
};
/** Of the protocol, from Oracle Database 12.1 on: older ones the driver cannot talk to. */
const OLDEST_VERSION = 315;

/** Whether an Oracle listener answers, knows the service, and would let somebody in. */
export async function listener(session: Session, signal: AbortSignal): Promise<StepOutcome> {
  const { facts, link } = session;
  const dial = reached(link.dial);
  const asked = askListener(reached(session.wire), session.connectData, { facts, signal });
  const first = await unlessUnmasked(asked, { dial, facts, signal });
  if (first.kind !== 'redirected') return judged(session, first);
  const where = session.clean(`${first.host}:${first.port}`, 120);
  const answer = await followed(session, first, where, signal);
  if (answer.kind === 'redirected')
    throw new StepFailure('ROUTED_ELSEWHERE', { ...facts, what: `${where}, and further from there` });
  const outcome = judged(session, answer);
  return { ...outcome, evidence: `${outcome.evidence}, sent on to ${where}` };
}

function judged(session: Session, answer: Exclude<ListenerAnswer, { kind: 'redirected' }>): StepOutcome {
  const { facts, config } = session;
  if (answer.kind === 'handed over') {
    session.renewsTls = true;
    return { evidence: `the listener knows ${service(config)}, and hands over to it` };
  }
  if (answer.kind === 'accepted') {
    if (answer.version >= OLDEST_VERSION) return { evidence: `the listener knows ${service(config)}` };
    throw new StepFailure('ORACLE_TOO_OLD', facts, { evidence: `TNS ${answer.version}` });
  }
  const { reason, server } = answer;
  const code = (reason === undefined ? undefined : REASONS[reason]) ?? 'LISTENER_REFUSED';
  const isService = code === 'SERVICE_UNKNOWN';
  throw new StepFailure(
    code,
    { ...facts, what: service(config) },
    {
      ...(reason === undefined ? {} : { driver_code: `ORA-${reason}` }),
      ...(server === undefined ? {} : { evidence: `listener of Oracle ${server}` }),
      ...(isService ? { fields: [config.sid === undefined ? 'service_name' : 'sid'] } : {}),
    },
  );
}

/** A listener of a cluster sends its clients on. That place is judged like any other. */
async function followed(
  session: Session,
  { host, port, connectData }: Extract<ListenerAnswer, { kind: 'redirected' }>,
  what: string,
  signal: AbortSignal,
): Promise<ListenerAnswer> {
  const { context, config, tls, link } = session;
  const { egress } = context;
  const facts = { ...session.facts, host: session.clean(host, 120), port };
  // What lies behind an SSH server is not reached from here.
  if (link.way) throw new StepFailure('ROUTED_ELSEWHERE', { ...session.facts, what });
  try {
    const target = egress.judge(await egress.lookup(egress.admitName(host), port));
    const socket = session.keep(await egress.connect(target, signal));
    const over =
      config.tls_mode === 'disable'
        ? socket
        : (await upgrade(socket, target, { ...tls, facts, context, signal })).socket;
    return await askListener(over, connectData, { facts, signal, redirected: true });
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw networkFailure(error, facts, 'TCP_UNREACHABLE');
    const fix = error.details.hint ?? '';
    throw new StepFailure('ROUTED_ELSEWHERE', { ...session.facts, what, fix }, { driver_code: error.code });
  }
}
