import { reached } from '../network.ts';
import type { StepSpec } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { reachSteps } from '../ssh/steps.ts';
import { databaseStage, inTheClear, loginStage, protocolStage, tlsStage } from '../stages.ts';
import { tlsOptions, upgrade } from '../tls.ts';
import { loginFailure, quote } from './errors.ts';
import { login } from './login.ts';
import { DENIED_SCHEMAS, READABLE_TABLE, READABLE_VIEW, SCHEMAS, SERVER } from './queries.ts';
import type { Row, Session } from './session.ts';
import { requestTls } from './wire.ts';

/** From the host name to one row read. The CDC checks follow in `cdc.ts`. */
export function postgresSteps(session: Session): StepSpec[] {
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
        const failure = loginFailure(error, facts, context, {
          tls: session.wire !== session.link.socket,
          tlsIsOff: config.tls_mode === 'disable',
          passwordAccepted: ASKS_PASSWORD.has(request),
        });
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

function readSteps(session: Session): StepSpec[] {
  const { facts } = session;
  let table: { namespace: string; name: string } | undefined;
  const timeout = { code: 'QUERY_TIMEOUT', facts } as const;
  return [
    {
      id: 'schemas',
      title: 'Selected schemas',
      limitMs: 3000,
      timeout,
      run: async () => {
        if (!session.schemas) return { skip: 'all schemas are selected' };
        const rows = await session.raw(SCHEMAS, [session.schemas]);
        // Only names of ours are spoken of, whatever the server calls them.
        const which = (fits: (row: Row) => boolean) =>
          (session.schemas ?? []).filter((name) => rows.every((row) => row['name'] !== name || fits(row)));
        const missing = which((row) => row['found'] !== 'true');
        if (missing.length > 0) throw new StepFailure('SCHEMA_NOT_FOUND', { ...facts, what: missing.join(', ') });
        const denied = which((row) => row['usable'] !== 'true');
        if (denied.length > 0) {
          throw new StepFailure('SCHEMA_DENIED', { ...facts, what: denied.join(', ') }, sqlFor(denied, facts.username));
        }
        return { evidence: session.schemas.join(', ') };
      },
    },
    {
      id: 'list',
      title: 'Tables can be seen',
      limitMs: 4000,
      timeout,
      run: async () => {
        const [readable] = await session.raw(READABLE_TABLE, [session.schemas]);
        const row = readable ?? (await session.raw(READABLE_VIEW, [session.schemas]))[0];
        if (row) {
          table = { namespace: row['namespace'] ?? '', name: row['name'] ?? '' };
          return undefined;
        }
        const denied = (await session.raw(DENIED_SCHEMAS, [session.schemas])).map((each) => each['namespace'] ?? '');
        if (denied.length === 0) return { warning: { code: 'NO_TABLES', facts: { ...facts, what: session.scope } } };
        const names = denied.map((name) => session.clean(name, 63)).join(', ');
        throw new StepFailure(
          'TABLES_DENIED',
          { ...facts, what: `schema ${names}` },
          sqlFor(session.fitForSql(denied), facts.username),
        );
      },
    },
    {
      id: 'read',
      title: 'One row can be read',
      depth: 'read',
      limitMs: 3000,
      timeout,
      run: async () => {
        if (!table) return { skip: 'list' };
        const name = `${quote(table.namespace)}.${quote(table.name)}`;
        await session.readOnly(`SELECT 1 FROM ${name} LIMIT 1`, 2500, session.clean(name, 140));
        return { evidence: session.clean(name, 140) };
      },
    },
  ];
}

function sqlFor(schemas: readonly string[], username: string): { sql?: string } {
  return schemas.length > 0 ? { sql: grants(schemas, username) } : {};
}

/** The least that lets a user read everything in some schemas, now and later. */
function grants(schemas: readonly string[], username: string): string {
  return schemas
    .map(
      (schema) =>
        `GRANT USAGE ON SCHEMA ${quote(schema)} TO ${quote(username)};\n` +
        `GRANT SELECT ON ALL TABLES IN SCHEMA ${quote(schema)} TO ${quote(username)};\n` +
        `ALTER DEFAULT PRIVILEGES IN SCHEMA ${quote(schema)} GRANT SELECT ON TABLES TO ${quote(username)};`,
    )
    .join('\n');
}
