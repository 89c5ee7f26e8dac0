import type { z } from 'zod';
import type { Config } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import type { StepSpec } from '../probes/probe.ts';
import type { AuditEntry } from './audit.ts';
import type { Principal } from './principal.ts';
import type { IdempotencyEntry } from './repository.ts';
import type { DesiredState, PlatformCode, RunRecord, Source, Status, TestOutcome } from './source.ts';

/** What `run_source` may do. */
export const RUN_ACTIONS = ['sync', 'snapshot', 'cancel', 'restart', 'verify', 'reauthenticate'] as const;
export type RunAction = (typeof RUN_ACTIONS)[number];

/** What a platform may be able to do. Each is `true`, or the reason why not. */
export const ABILITIES = [
  'create',
  'update',
  'delete',
  'pause',
  'stop',
  'draft',
  'test',
  'remote_test',
  'discover',
  'preview',
  'cdc_check',
  'tags',
  'schedule',
  'oauth',
] as const;
export type Ability = (typeof ABILITIES)[number];

/** A source as its platform keeps it; `config` opens the credentials only when they are needed. */
export interface StoredSource {
  source: Source;
  connector: Connector;
  config: () => Promise<Config>;
}

export interface NewSource {
  name: string;
  connector: Connector;
  config: Config;
  description?: string;
  tags: readonly string[];
  desiredState: DesiredState;
  status: Status;
  outcome?: TestOutcome;
  /** As the platform's `options` have validated them. */
  options: Readonly<Record<string, unknown>>;
  schedule?: Readonly<Record<string, unknown>>;
  syncImmediately?: boolean;
  /** Until the platform has put it into service, as far as that takes. */
  wait: boolean;
}

/** Only what is to change. */
export interface SourceChange {
  name?: string;
  description?: string | null;
  tags?: readonly string[];
  desiredState?: DesiredState;
  /** The whole new config; credentials that were kept are in it. */
  config?: Config;
  /** Names of the fields of the config that change. */
  changedFields: readonly string[];
  /** Only those that change; null removes. */
  options: Readonly<Record<string, unknown>>;
  schedule?: Readonly<Record<string, unknown>> | null;
  status: Status;
  outcome?: TestOutcome;
}

export interface SourceQuery {
  connector?: string;
  status?: Status;
  tag?: string;
  query?: string;
  limit: number;
  /** Where the page before ended: what it gave as `next`. */
  after?: string;
}

export interface SourcePage {
  sources: readonly Source[];
  /** Exact, or absent where counting would cost more than the page. */
  total?: number;
  next?: string;
}

/** Something at the source that outlives it, and how to remove it. */
export interface LeftBehind {
  what: string;
  remove: string;
}

/** Who asks, until when, and who hears how it goes. */
export interface Asking {
  principal: Principal;
  signal: AbortSignal;
  onProgress?: (text: string) => void;
}

export interface RunRequest {
  action: RunAction;
  /** Streams by name, where the action can be held to some. */
  streams?: readonly string[];
  /** Longest to wait for what the action begins, in seconds; 0: not at all. */
  waitS: number;
}

export interface RunResult {
  source: Source;
  run?: RunRecord;
  warnings?: readonly string[];
}

/** Begins an action on a source. @throws HeadwaterError UNSUPPORTED, PLATFORM_… */
export type Run = (asking: Asking, stored: StoredSource, request: RunRequest, audit: AuditEntry) => Promise<RunResult>;

/** One request that a platform would be sent, secrets masked: what a dry run shows. */
export interface PlannedRequest {
  method: string;
  url: string;
  body?: unknown;
}

/**
 * Where sources live. `local` implements it over our own store, the vendors over their APIs. Tenants see nothing of
 * each other: "not yours" and "not there" are the same SOURCE_NOT_FOUND. Every write takes its entry of the audit trail,
 * and keeps it exactly where it is done.
 */
export interface PlatformSources {
  /** @throws HeadwaterError NAME_TAKEN, IDEMPOTENCY_CONFLICT */
  create(
    asking: Asking,
    draft: NewSource,
    /** Without the id that it will have. */
    audit: AuditEntry,
    idempotency?: IdempotencyEntry,
  ): Promise<{ source: Source; replayed: boolean; warnings?: readonly string[] }>;
  /** What a create would send; absent where nothing is sent anywhere. */
  planCreate?(draft: NewSource): Promise<readonly PlannedRequest[]>;
  planUpdate?(asking: Asking, stored: StoredSource, change: SourceChange): Promise<readonly PlannedRequest[]>;
  /** @throws HeadwaterError IDEMPOTENCY_CONFLICT when the key was used with another digest */
  replayed(asking: Asking, idempotency: IdempotencyEntry): Promise<Source | undefined>;
  /** @throws HeadwaterError SOURCE_NOT_FOUND */
  get(asking: Asking, id: string): Promise<StoredSource>;
  nameTaken(asking: Asking, name: string): Promise<boolean>;
  list(asking: Asking, query: SourceQuery): Promise<SourcePage>;
  /** @throws HeadwaterError VERSION_CONFLICT, NAME_TAKEN, SOURCE_NOT_FOUND */
  update(asking: Asking, stored: StoredSource, change: SourceChange, audit: AuditEntry): Promise<Source>;
  /** @throws HeadwaterError VERSION_CONFLICT, SOURCE_NOT_FOUND */
  remove(asking: Asking, stored: StoredSource, audit: AuditEntry): Promise<readonly LeftBehind[]>;
  /**
   * Replaces tokens that expire by what `renewed` makes of the config, durably; nothing where that makes nothing. If
   * somebody has given other credentials in between, theirs stay.
   */
  renew?(
    asking: Asking,
    stored: StoredSource,
    renewed: (config: Config) => Promise<Config | undefined>,
    audit: AuditEntry,
  ): Promise<void>;
  noteTest(asking: Asking, source: Source, outcome: TestOutcome, audit: AuditEntry): Promise<void>;
  /** References whose secrets are others than at the last test that passed. */
  driftedSecrets?(
    asking: Asking,
    source: Source,
    resolved: NonNullable<TestOutcome['secrets']>,
  ): Promise<readonly { field: string; from: string }[]>;
  onChange(listener: (change: { tenant: string; id: string }) => void): () => void;
}

export interface Platform {
  code: PlatformCode;
  name: string;
  summary: string;
  /** `true`, or what a person must set for it to work. */
  configured: true | string;
  /** Whether a tenant may use the operator's account there. Absent: all may. */
  openTo?: (tenant: string) => boolean;
  /** Its catalog, in the order of codes; loaded with its first use. */
  connectors: () => Promise<readonly Connector[]>;
  /** How many that are, without loading any. */
  connectorCount: number;
  /** The schema of `options`, where the platform has settings of its own. */
  options: () => z.ZodObject;
  abilities: Readonly<Record<Ability, true | string>>;
  /** Each action of `run_source`, or the reason why there is none. */
  actions: Readonly<Record<RunAction, Run | string>>;
  /** It reads changes as they happen: a test looks whether the database is fit for that, unless told otherwise. */
  streams: boolean;
  /** What whoever asks about the platform should know besides. */
  notes?: readonly string[];
  sources: PlatformSources;
  /**
   * What the platform itself says of a config or of a source of its own, as steps of a test: they run beside ours, and
   * none is a gate.
   */
  ownChecks?: (subject: {
    connector: Connector;
    /** Secrets as `Secret`s, or as the `Reference` of one that only the platform can read. */
    values: Readonly<Record<string, unknown>>;
    source?: Source;
    /** The values are what is to become of the source: the platform has others. */
    changed?: true;
  }) => Promise<readonly StepSpec[]>;
}

/** What a test looks at beyond the connection where nobody says it. */
export function standardChecks({ streams }: Pick<Platform, 'streams'>, { capabilities }: Connector): readonly string[] {
  return streams && capabilities.includes('cdc_check') ? ['cdc'] : [];
}

/** Whether a platform has an action: `true`, or the reason why not. */
export function reasonOf({ actions }: Pick<Platform, 'actions'>, action: RunAction): true | string {
  const able = actions[action];
  return typeof able === 'string' ? able : true;
}
