import { reached } from '../network.ts';
import type { StepOutcome, StepSpec } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { reachSteps } from '../ssh/steps.ts';
import { databaseStage, inTheClear, loginStage, protocolStage, tlsStage } from '../stages.ts';
import { unopened } from './database.ts';
import { loginFailure } from './errors.ts';
import { SERVER } from './queries.ts';
import { readSteps } from './read-steps.ts';
import type { Session } from './session.ts';
import { signIn } from './sign-in.ts';
import { clearWire, secureWire } from './wire.ts';

const OLDEST_MAJOR = 11;
const YEARS: Readonly<Record<number, string>> = {
  9: '2005',
  10: '2008',
  11: '2012',
  12: '2014',
  13: '2016',
  14: '2017',
  15: '2019',
  16: '2022',
  17: '2025',
};
/** SERVERPROPERTY('EngineEdition') of those that are no server of one's own. */
const PRODUCTS: Readonly<Record<number, string>> = {
  5: 'Azure SQL Database',
  6: 'Azure Synapse Analytics',
  8: 'Azure SQL Managed Instance',
  9: 'Azure SQL Edge',
  11: 'Azure Synapse serverless SQL',
};

/** From the host name to one row read. The CDC checks follow in `cdc.ts`. */
export function sqlServerSteps(session: Session): StepSpec[] {
  const { facts, context, link, config } = session;
  return [...reachSteps(facts, context, link, config), ...loginSteps(session), ...readSteps(session)];
}

function loginSteps(session: Session): StepSpec[] {
  const { facts, config } = session;
  return [
    tlsStage(facts, async (signal) => {
      if (config.tls_mode === 'disable')
        return inTheClear(session.link, facts, 'tls_mode is disable: the login alone is encrypted');
      const { wire, outcome } = await secureWire(reached(session.link.socket), session.place(signal));
      session.wire = wire;
      return outcome ?? inTheClear(session.link, facts, 'not offered by the server');
    }),
    protocolStage(facts, async (signal) => {
      session.wire ??= await clearWire(reached(session.link.socket), session.place(signal));
      const { prelogin, strict } = session.wire;
      const product = productOf(prelogin.major);
      if (prelogin.major < OLDEST_MAJOR)
        throw new StepFailure('WRONG_PROTOCOL', { ...facts, what: `it is ${product}, which is older than 2012` });
      return { evidence: `${product} (${prelogin.version})${strict ? ', TDS 8' : ''}` };
    }),
    loginStage(facts, (signal) => login(session, signal)),
    databaseStage(facts, (signal) => database(session, signal)),
  ];
}

async function login(session: Session, signal: AbortSignal): Promise<StepOutcome> {
  const { config } = session;
  const evidence = `as ${config.username}`;
  try {
    const { messages, wire, at } = await signIn(session, reached(session.wire), session.place(signal), config.database);
    session.messages = messages;
    session.wire = wire;
    return { evidence: at === undefined ? evidence : `${evidence}, sent on to ${at}` };
  } catch (error) {
    const failure = loginFailure(error, session.asking);
    // The server looks at the database only after it has accepted the login.
    if (!DATABASE_PROBLEMS.has(failure.problem.code)) throw failure;
    session.databaseFailure = failure;
    return { evidence };
  }
}

const DATABASE_PROBLEMS: ReadonlySet<string> = new Set([
  'DATABASE_NOT_VISIBLE',
  'DATABASE_NOT_FOUND',
  'DATABASE_DENIED',
  'DATABASE_CLOSED',
]);

async function database(session: Session, signal: AbortSignal): Promise<StepOutcome> {
  if (session.databaseFailure) throw await unopened(session, session.databaseFailure, signal);
  const [row] = await session.query(SERVER);
  const version = session.clean(row?.['version'], 40);
  const engine = Number(row?.['engine']);
  const product = PRODUCTS[engine] ?? productOf(Number.parseInt(version, 10));
  const edition = session.clean(row?.['edition'], 80);
  session.server = { version, engine, edition, product, user: row?.['user'] ?? undefined };
  const called = edition === '' || edition === 'SQL Azure' ? '' : `, ${edition}`;
  return { evidence: `${product} ${version}${called}, database ${session.clean(row?.['database'], 128)}` };
}

function productOf(major: number): string {
  const year = YEARS[major];
  return year === undefined ? 'SQL Server' : `SQL Server ${year}`;
}
