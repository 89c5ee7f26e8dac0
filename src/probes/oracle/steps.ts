import { type Relay, relayTo } from '../../net/relay.ts';
import { reached } from '../network.ts';
import type { StepOutcome, StepSpec } from '../probe.ts';
import { reachSteps } from '../ssh/steps.ts';
import { databaseStage, inTheClear, loginStage, protocolStage, tlsStage } from '../stages.ts';
import { upgrade } from '../tls.ts';
import { descriptor } from './descriptor.ts';
import { DRIVER, type Driver } from './driver.ts';
import { loginFailure } from './errors.ts';
import { listener } from './listener.ts';
import { SERVER } from './queries.ts';
import { readSteps } from './read-steps.ts';
import type { Session } from './session.ts';

/** From the host name to one row read. The CDC checks follow in `cdc.ts`. */
export function oracleSteps(session: Session, load: () => Promise<Driver | undefined>): StepSpec[] {
  const { facts, context, link, config } = session;
  return [
    ...reachSteps(facts, context, link, config),
    ...loginSteps(session, load),
    ...readSteps(session).map(withLogin(session)),
  ];
}

/** What cannot run without a login is left out where there was none. */
export function withLogin(session: Session): (step: StepSpec) => StepSpec {
  return (step) => ({ ...step, run: (...args) => (session.connection ? step.run(...args) : { skip: 'driver' }) });
}

function loginSteps(session: Session, load: () => Promise<Driver | undefined>): StepSpec[] {
  const { facts, config, context, link } = session;
  return [
    tlsStage(facts, async (signal) => {
      const socket = reached(link.socket);
      session.wire = socket;
      if (config.tls_mode === 'disable') return inTheClear(link, facts, 'tls_mode is disable');
      // On a port for TCPS, TLS comes first.
      const secured = await upgrade(socket, reached(link.target), { ...session.tls, facts, context, signal });
      session.wire = secured.socket;
      return secured.outcome;
    }),
    protocolStage(facts, (signal) => listener(session, signal)),
    {
      id: 'driver',
      title: 'Driver is installed',
      gate: true,
      limitMs: 3000,
      timeout: { code: 'DRIVER_MISSING', facts: { ...facts, what: DRIVER } },
      run: async () => {
        if (session.renewsTls) return { warning: { code: 'TLS_RENEWED', facts } };
        session.driver = await load();
        if (!session.driver) return { warning: { code: 'DRIVER_MISSING', facts: { ...facts, what: DRIVER } } };
        return { evidence: DRIVER };
      },
    },
    loginStage(facts, (signal, limitMs) =>
      session.driver ? login(session, session.driver, signal, limitMs) : { skip: 'driver' },
    ),
    withLogin(session)(databaseStage(facts, () => database(session))),
  ];
}

/**
 * The driver connects by itself: straight to the address that was judged and answered, inside the second guard. Into TLS
 * that we have checked, or a tunnel, it gets a door.
 */
async function login(session: Session, driver: Driver, signal: AbortSignal, limitMs: number): Promise<StepOutcome> {
  const { config, link } = session;
  const isStraight = config.tls_mode === 'disable' && link.way === undefined;
  const address = { host: link.socket?.remoteAddress ?? config.host, port: config.port };
  const { host, port } = isStraight ? address : await door(session, signal);
  try {
    const connection = await driver.getConnection({
      user: config.username,
      password: config.password?.reveal() ?? '',
      connectString: descriptor(config, { host, port, tls: false }),
      connectTimeout: Math.max(1, Math.floor(limitMs / 1000)),
    });
    session.adopt(connection);
  } catch (error) {
    throw loginFailure(error, session.asking);
  }
  return { evidence: `as ${config.username}` };
}

async function door(session: Session, signal: AbortSignal): Promise<Relay> {
  const { config, facts, context, link, tls } = session;
  const socket = session.keep(await reached(link.dial)(signal));
  const secured =
    config.tls_mode === 'disable'
      ? undefined
      : await upgrade(socket, reached(link.target), { ...tls, facts, context, signal });
  session.relay = await relayTo(secured?.socket ?? socket);
  return session.relay;
}

async function database(session: Session): Promise<StepOutcome> {
  const [row] = await session.query(SERVER);
  const version = session.clean(session.connection?.oracleServerVersionString, 40);
  const container = session.clean(row?.['container'], 128);
  session.server = { version, container, user: row?.['session_user'] ?? '' };
  const inside = container === '' ? '' : `, container ${container}`;
  return { evidence: `Oracle ${version}, database ${session.clean(row?.['db_name'], 128)}${inside}` };
}
