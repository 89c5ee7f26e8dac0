import { ACCOUNT_PROBLEMS } from './account.ts';
import { BINLOG_PROBLEMS } from './binlog.ts';
import { BROUGHT_PROBLEMS } from './brought.ts';
import { CDC_PROBLEMS } from './cdc.ts';
import { FILE_PROBLEMS } from './files.ts';
import { HTTP_PROBLEMS } from './http.ts';
import type { Actor, Facts, ProblemKind } from './kind.ts';
import { LOGIN_PROBLEMS } from './login.ts';
import { MCP_PROBLEMS } from './mcp.ts';
import { MONGODB_PROBLEMS } from './mongodb.ts';
import { OAUTH_PROBLEMS } from './oauth.ts';
import { ORACLE_PROBLEMS } from './oracle.ts';
import { PLATFORM_PROBLEMS } from './platform.ts';
import { POSTGRES_PROBLEMS } from './postgres.ts';
import { REACHING_PROBLEMS } from './reaching.ts';
import { READING_PROBLEMS } from './reading.ts';
import type { Remedy } from './remedy.ts';
import { SQLSERVER_PROBLEMS } from './sqlserver.ts';
import { SSH_PROBLEMS } from './ssh.ts';
import { TLS_PROBLEMS } from './tls.ts';

export type { Actor, Facts } from './kind.ts';
export { REMEDY_STAGES, type Remedy, type RemedyStage } from './remedy.ts';

/**
 * Every way a step can fail or warn, in the order of a test. Codes are stable: agents and tests rely on them.
 */
export const PROBLEMS = {
  ...REACHING_PROBLEMS,
  ...SSH_PROBLEMS,
  ...TLS_PROBLEMS,
  ...LOGIN_PROBLEMS,
  ...OAUTH_PROBLEMS,
  ...HTTP_PROBLEMS,
  ...MCP_PROBLEMS,
  ...FILE_PROBLEMS,
  ...READING_PROBLEMS,
  ...ACCOUNT_PROBLEMS,
  ...CDC_PROBLEMS,
  ...BINLOG_PROBLEMS,
  ...MONGODB_PROBLEMS,
  ...POSTGRES_PROBLEMS,
  ...SQLSERVER_PROBLEMS,
  ...ORACLE_PROBLEMS,
  ...BROUGHT_PROBLEMS,
  ...PLATFORM_PROBLEMS,
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface ProblemDetails {
  evidence?: string;
  /** The server's or system's own code: `28P01`, `ECONNREFUSED`. */
  driver_code?: string;
  /** How long the server wants to be left alone. */
  retry_after_ms?: number;
  /** The changes that mend it. Those of its own actor are printed with the step, all go into the hand-off. */
  remedies?: readonly Remedy[];
  /** A fix that is no change by script: statements to look at, or of a connector of one's own. */
  sql?: string;
  command?: string;
  /** A fix in words, where the place of the failure knows a better one than the table. */
  advice?: string;
  /** Config keys to change, where the place of the failure knows them better than the table. */
  fields?: readonly string[];
  /** Who can mend it, where the place of the failure knows better than the table. */
  actor?: Actor;
}

/** One thing found wrong: a code, the facts its sentences speak of, and what came with it. */
export interface Problem extends ProblemDetails {
  code: ProblemCode;
  facts: Facts;
}

/** Thrown by a step to fail it. */
export class StepFailure extends Error {
  readonly problem: Problem;
  constructor(code: ProblemCode, facts: Facts, details: ProblemDetails = {}) {
    super(code);
    this.name = 'StepFailure';
    this.problem = { code, facts, ...details };
  }
}

export function problemKind(code: ProblemCode): ProblemKind {
  return PROBLEMS[code];
}
