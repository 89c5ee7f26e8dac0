import { reached } from '../network.ts';
import type { StepSpec } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { reachSteps } from '../ssh/steps.ts';
import { databaseStage, inTheClear, loginStage, protocolStage, tlsStage } from '../stages.ts';
import { tlsOptions, upgrade } from '../tls.ts';
import { loginFailure } from './errors.ts';
import { login } from './login.ts';
import { loginFixes } from './login-fixes.ts';
import { SERVER } from './queries.ts';
import type { Session } from './session.ts';
import { requestTls } from './wire.ts';

/** From the host name to the first query: all are gates. `wantsCdc` is for what a missing user is given. */
export function gateSteps(session: Session, wantsCdc: boolean): StepSpec[] {
  const { facts, config, context } = session;
  return [
    ...reachSteps(facts, context, session.link, config),
    tlsStage(facts, async (signal) => {
      const socket = reached(session.link.socket);
      session.wire = socket;
      if (config.tls_mode === 'disable') return inTheClear(session.link, facts, 'tls_mode is disable');
      if (!(await session.unlessUnmasked(requestTls(socket, facts, signal), signal))) {
        if (config.tls_mode === 'prefer') return inTheClear(session.link, facts, 'not offered by the server');
        throw new StepFailure('TLS_NOT_OFFERED', { ...facts, what: config.tls_mode });
      }
      const options = { ...tlsOptions(config), facts, context, signal };
      const secured = await upgrade(socket, reached(session.link.target), options);
      session.wire = secured.socket;
      return secured.outcome;
    }),
    protocolStage(facts, async (signal) => {
      session.login = await login(reached(session.wire), { ...config, password: config.password }, facts);
      session.authRequest = await session.unlessUnmasked(session.login.firstMessage, signal);
      return undefined;
    }),
    loginStage(facts, async () => {
      const request = session.authRequest;
      if (request === 'other')
        throw new StepFailure('AUTH_METHOD_UNSUPPORTED', { ...facts, what: 'GSSAPI, SSPI or another' });
      if (ASKS_PASSWORD.has(request) && config.password === undefined) throw new StepFailure('PASSWORD_MISSING', facts);
      try {
        session.client = await reached(session.login).ready;
      } catch (error) {
        const state = {
          tls: session.wire !== session.link.socket,
          tlsIsOff: config.tls_mode === 'disable',
          passwordAccepted: ASKS_PASSWORD.has(request),
        };
        const failure = loginFailure(error, facts, context, state, loginFixes(session, wantsCdc));
        // The server looks at the database only after it has accepted the login.
        if (!DATABASE_PROBLEMS.has(failure.problem.code)) throw failure;
        session.databaseFailure = failure;
      }
      return {
        evidence: ASKS_PASSWORD.has(request) ? `as ${config.username} (${request})` : `as ${config.username}`,
      };
    }),
    databaseStage(facts, async () => {
      if (session.databaseFailure) throw session.databaseFailure;
      const [server] = await session.query(SERVER);
      session.version = Number(server?.['version_number'] ?? 0);
      // Poolers give a number of their own for the process that answers.
      session.isBehindProxy = server?.['pid'] !== String(session.client?.processID);
      // Such a server checks nothing it stores, and would refuse to convert what is not text.
      if (server?.['encoding'] === 'SQL_ASCII') await session.query('SET client_encoding TO SQL_ASCII');
      return {
        evidence: `${facts.server} ${server?.['version'] ?? ''}, database ${server?.['database'] ?? ''}`,
      };
    }),
  ];
}

const ASKS_PASSWORD: ReadonlySet<string | undefined> = new Set(['password', 'md5', 'scram-sha-256']);
const DATABASE_PROBLEMS: ReadonlySet<string> = new Set(['DATABASE_NOT_FOUND', 'DATABASE_DENIED', 'DATABASE_CLOSED']);
