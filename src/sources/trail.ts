import { createHash } from 'node:crypto';
import type { Connector } from '../connectors/define-connector.ts';
import { AUTH } from '../connectors/paths.ts';
import { type ErrorCode, HeadwaterError } from '../errors.ts';
import type { Report } from '../probes/report.ts';
import type { AuditEntry, AuditFacts, AuditOutcome, Caller, KeepEntry } from './audit.ts';
import { isSourceId } from './id.ts';

/** What one call leaves in the audit trail. Use cases note what they learn; `audited` or the write itself keeps it. */
export interface Trail {
  note(facts: Partial<AuditFacts & Pick<AuditEntry, 'outcome' | 'codes'>>): void;
  /** Notes the connector; from then on its fields may be named. */
  concerns(connector: Connector): void;
  /** For whoever keeps it together with what it tells of. `audited` then keeps none of its own for a success. */
  take(): AuditEntry;
  readonly taken: boolean;
  /** The trail of something else that is done for the same caller on the way. */
  beside(action: string): Trail;
  /** The entry of a call that ended so. `names`: the arguments that may be named. */
  refused(error: Error, names: readonly string[]): AuditEntry;
}

const NOTHING: AuditFacts = {
  source_id: null,
  connector: null,
  fields: [],
  destination_before: null,
  destination_after: null,
  target: null,
};

/** Begins the trail of one call of `action`. */
export function createTrail({ principal, surface }: Caller, action: string, now: () => Date): Trail {
  let noted: AuditFacts & Pick<AuditEntry, 'outcome' | 'codes'> = { ...NOTHING, outcome: 'ok', codes: [] };
  let taken = false;
  let declared: string[] = [];
  const entry = (): AuditEntry => ({
    at: now().toISOString(),
    tenant: principal.tenant,
    subject: principal.subject,
    role: principal.role,
    surface,
    action,
    ...noted,
  });
  return {
    note(facts) {
      noted = { ...noted, ...facts };
    },
    concerns({ code, fields }) {
      noted = { ...noted, connector: code };
      declared = [...Object.keys(fields), AUTH].map((name) => `config.${name}`);
    },
    take() {
      taken = true;
      return entry();
    },
    get taken() {
      return taken;
    },
    beside: (other) => createTrail({ principal, surface }, other, now),
    refused(error, names) {
      const fields = noted.fields.length > 0 ? noted.fields : fieldsOf(error, [...names, ...declared]);
      return { ...entry(), fields, ...endOf(error) };
    },
  };
}

/**
 * Does `work` and keeps what came of it: every refusal and failure, and where it `acts` without writing (a test, a read
 * of a source) its result. What it writes keeps its own entry, in its own transaction. A refusal is durable before it is
 * told; to a test a durable write would add as much again as the source takes to answer, so its entry follows the answer.
 */
export async function audited<T>(
  keep: KeepEntry,
  trail: Trail,
  { acts, names = [] }: { acts: boolean; names?: readonly string[] },
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    const result = await work();
    if (acts && !trail.taken) await keep(trail.take(), { afterAnswer: true });
    return result;
  } catch (thrown) {
    // What is thrown and is no error is no end: a question to the person, whose answer comes with another call.
    if (thrown instanceof Error) await keep(trail.refused(thrown, names));
    throw thrown;
  }
}

/** Of a test: how it ended, in codes of ours. */
export function outcomeFacts(report: Report): Pick<AuditEntry, 'outcome' | 'codes'> {
  return { outcome: report.ok ? 'ok' : 'failed', codes: failedCodes(report) };
}

/** An id that nobody has, or somebody else: recognisable to whoever knows it, readable by nobody. */
export function soughtSource(id: string): AuditFacts['target'] {
  return isSourceId(id) ? { source_sha256: createHash('sha256').update(id).digest('hex') } : null;
}

/** Errors of calls that were not refused: something was tried. */
const FAILURES: ReadonlySet<ErrorCode> = new Set([
  'CONNECTION_FAILED',
  'DEADLINE_EXCEEDED',
  'CANCELLED',
  'STORE_UNAVAILABLE',
  'KEY_UNAVAILABLE',
  'INTERNAL',
]);

function endOf(error: Error): { outcome: AuditOutcome; codes: string[] } {
  if (!(error instanceof HeadwaterError)) return { outcome: 'failed', codes: ['INTERNAL'] };
  const { code, details } = error;
  const steps = details.report === undefined ? [] : failedCodes(details.report as Report);
  return { outcome: FAILURES.has(code) ? 'failed' : 'refused', codes: [code, ...steps] };
}

function failedCodes({ steps }: Report): string[] {
  return [...new Set(steps.flatMap(({ status, code }) => (status === 'fail' && code ? [code] : [])))];
}

/** Which arguments were wrong. Callers can write anything into a key, so only declared names are kept. */
function fieldsOf(error: Error, names: readonly string[]): string[] {
  const problems = error instanceof HeadwaterError ? (error.details.fields ?? []) : [];
  const found = problems.map(({ field }) => {
    const [, first = '', second = ''] = field.split('/');
    return first === 'config' && second !== '' ? `config.${second}` : first;
  });
  return [...new Set(found)].filter((name) => names.includes(name));
}
