import type { Principal, PrincipalRole } from './principal.ts';

/** How a caller came in. */
export const SURFACES = ['stdio', 'http', 'cli'] as const;
export type Surface = (typeof SURFACES)[number];

/** `refused`: nothing was done. `failed`: it was tried, at the source or here, and did not work. */
export const AUDIT_OUTCOMES = ['ok', 'failed', 'refused'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** Who asks, and through what. */
export interface Caller {
  principal: Principal;
  surface: Surface;
}

/** What an entry says of the thing that was acted on. */
export interface AuditFacts {
  /** A source that was the caller's; never an id that was only asked for. */
  source_id: string | null;
  /** Its code. */
  connector: string | null;
  /** Declared names: `name`, `config.host`. */
  fields: readonly string[];
  /** Where credentials went by what is stored, and by what was asked for: `destinationFacts`. */
  destination_before: Readonly<Record<string, unknown>> | null;
  destination_after: Readonly<Record<string, unknown>> | null;
  /** What it was about, where that is no source: a token, a key, the digest of an id that was not found. */
  target: Readonly<Record<string, string>> | null;
}

/**
 * One line of the audit trail: who did what, and what came of it. Holds names and ids of ours, destinations and codes;
 * never a secret, never any other text that a caller or a source wrote.
 */
export interface AuditEntry extends AuditFacts {
  /** ISO 8601, UTC. */
  at: string;
  tenant: string;
  subject: string;
  role: PrincipalRole;
  surface: Surface;
  /** A tool's name, or what an operator did: `add_token`. */
  action: string;
  outcome: AuditOutcome;
  /** Why: the error's code first, then those of failed steps. */
  codes: readonly string[];
}

/** An entry in its place in the chain. */
export interface KeptEntry extends AuditEntry {
  /** 1, 2, 3 … without gaps. */
  seq: number;
  /** SHA-256, hex, over the digest before it and this entry. */
  digest: string;
}

export interface AuditFilter {
  tenant?: string;
  /** Also finds calls that asked for this id and were told that it is not there. */
  source?: string;
  action?: string;
  outcome?: AuditOutcome;
  since?: Date;
}

export type AuditVerdict =
  | {
      ok: true;
      entries: number;
      /** `seq` of the oldest entry that is kept; those before it were pruned. */
      first: number | null;
      head: { seq: number; digest: string } | null;
    }
  | {
      ok: false;
      /** How many are right before the first that is not. */
      entries: number;
      broken: {
        /**
         * `changed`: the entry is not what was written there. `missing`: entries before it are gone. `truncated`: the
         * last ones are gone. `head`: no entry has the digest that was noted.
         */
        why: 'changed' | 'missing' | 'truncated' | 'head';
        /** Where; of what is gone, the first. */
        seq: number | null;
      };
    };

/**
 * Keeps the trail, as a chain in which every entry carries the digest of all before it. What is written to the store
 * brings its own entry in its own transaction (`SourceRepository`). @throws HeadwaterError STORE_UNAVAILABLE
 */
export interface Audit {
  /** Durable before it resolves. */
  append(entry: AuditEntry): Promise<void>;
  /** Newest first; `before`: the `seq` with which the page before ended. */
  page(filter: AuditFilter, limit: number, before?: number): Promise<KeptEntry[]>;
  /** Walks the whole chain in bounded memory. `head`: a digest noted earlier that must be in it. */
  verify(head?: string): Promise<AuditVerdict>;
}

/**
 * Keeps an entry of its own: durable when it resolves, or, where it may come `afterAnswer`, in a moment. Never throws:
 * where it cannot be kept the log says so, and the call goes on.
 */
export type KeepEntry = (entry: AuditEntry, options?: { afterAnswer: boolean }) => Promise<void>;
