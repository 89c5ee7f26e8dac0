import { reached } from '../network.ts';
import type { StepOutcome, StepSpec } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { reachSteps } from '../ssh/steps.ts';
import { databaseStage, inTheClear, loginStage, protocolStage, tlsStage } from '../stages.ts';
import { tlsOptions, upgrade } from '../tls.ts';
import { loginFailure } from './errors.ts';
import { type Greeting, readGreeting } from './greeting.ts';
import { isModern, logIn, offersTls, tlsRequest } from './login.ts';
import { Packets } from './packets.ts';
import { SERVER } from './queries.ts';
import { readSteps } from './read-steps.ts';
import { ServerError } from './server-error.ts';
import type { Session } from './session.ts';

/** From the host name to one row read. The CDC checks follow in `cdc.ts`. */
export function mysqlSteps(session: Session): StepSpec[] {
  const { facts, context, link, config } = session;
  return [...reachSteps(facts, context, link, config), ...loginSteps(session), ...readSteps(session)];
}

function loginSteps(session: Session): StepSpec[] {
  const { facts, config, context } = session;
  return [
    tlsStage(facts, async (signal) => {
      const socket = reached(session.link.socket);
      session.wire = socket;
      if (config.tls_mode === 'disable') return inTheClear(session.link, facts, 'tls_mode is disable');
      // The server speaks first, and says in its greeting whether it offers TLS.
      session.greeting = await readGreeting(socket, facts, signal);
      if (session.greeting instanceof ServerError) return { skip: 'the server refused before TLS could begin' };
      if (!offersTls(session.greeting)) {
        if (config.tls_mode === 'prefer') return inTheClear(session.link, facts, 'not offered by the server');
        throw new StepFailure('TLS_NOT_OFFERED', { ...facts, what: config.tls_mode });
      }
      socket.write(framed(tlsRequest(session.greeting)));
      const options = { ...tlsOptions(config), facts, context, signal };
      const secured = await upgrade(socket, reached(session.link.target), options);
      session.wire = secured.socket;
      session.encrypted = true;
      return secured.outcome;
    }),
    protocolStage(facts, async (signal) => {
      session.greeting ??= await readGreeting(reached(session.wire), facts, signal);
      const { greeting } = session;
      if (greeting instanceof ServerError) throw loginFailure(greeting, session.asking);
      if (!isModern(greeting))
        throw new StepFailure('WRONG_PROTOCOL', { ...facts, what: 'it is older than version 4.1' });
      return { evidence: session.clean(greeting.version, 60) };
    }),
    loginStage(facts, async () => {
      const { encrypted } = session;
      // After the greeting comes our login; after a request for TLS it is the packet behind that.
      session.packets = new Packets(reached(session.wire), facts, encrypted ? 2 : 1);
      const account = { username: config.username, password: config.password, encrypted };
      const greeting = reached(session.greeting) as Greeting;
      const way = await logIn(session.packets, greeting, account, facts).catch((error: unknown) => {
        throw loginFailure(error, session.asking);
      });
      session.loggedIn = true;
      return { evidence: `as ${config.username} (${way})` };
    }),
    databaseStage(facts, () => database(session)),
  ];
}

async function database(session: Session): Promise<StepOutcome> {
  const { facts, config } = session;
  await session.query('SET NAMES utf8mb4');
  const [row] = await session.query(SERVER);
  const version = session.clean(row?.['version'], 60);
  const mariadb = /mariadb/i.test(version);
  session.server = { version, mariadb, account: row?.['account'] ?? '' };
  if (config.database !== undefined) await session.use(config.database);
  const product = mariadb ? 'MariaDB' : 'MySQL';
  const shown = mariadb ? version.replace(/-mariadb.*/i, '') : version;
  const evidence = `${product} ${shown}${config.database === undefined ? '' : `, database ${config.database}`}`;
  if (product === facts.server) return { evidence };
  return { evidence, warning: { code: 'OTHER_PRODUCT', facts: { ...facts, what: product } } };
}

/** A first packet of ours, as the answer to a greeting. */
function framed(payload: Buffer): Buffer {
  const header = Buffer.from([0, 0, 0, 1]);
  header.writeUIntLE(payload.length, 0, 3);
  return Buffer.concat([header, payload]);
}
