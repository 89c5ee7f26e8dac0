import type { z } from 'zod';
import type { Config } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import type { AuditEntry } from './audit.ts';
import type { Principal } from './principal.ts';
import type { IdempotencyEntry } from './repository.ts';
import type { DesiredState, PlatformCode, Source, Status, TestOutcome } from './source.ts';

/** What a platform may be able to do. Each is `true`, or the reason why not. */
export const ABILITIES = [
  'create',
  'update',
  'delete',
  'test',
  'discover',
  'preview',
  'cdc_check',
  'sync',
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
  collection?: string;
  tags: readonly string[];
  desiredState: DesiredState;
  status: Status;
  outcome?: TestOutcome;
}

/** Only what is to change. */
export interface SourceChange {
  name?: string;
  description?: string | null;
  collection?: string | null;
  tags?: readonly string[];
  desiredState?: DesiredState;
  /** The whole new config; credentials that were kept are in it. */
  config?: Config;
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

/**
 * Where sources live. `local` implements it over our own store, the vendors over their APIs. Tenants see nothing of
 * each other: "not yours" and "not there" are the same SOURCE_NOT_FOUND. Every write takes its entry of the audit trail,
 * and keeps it exactly where it is done.
 */
export interface PlatformSources {
  /** @throws HeadwaterError NAME_TAKEN, IDEMPOTENCY_CONFLICT */
  create(
    principal: Principal,
    draft: NewSource,
    /** Without the id that it will have. */
    audit: AuditEntry,
    idempotency?: IdempotencyEntry,
  ): Promise<{ source: Source; replayed: boolean }>;
  /** @throws HeadwaterError IDEMPOTENCY_CONFLICT when the key was used with another digest */
  replayed(principal: Principal, idempotency: IdempotencyEntry): Promise<Source | undefined>;
  /** @throws HeadwaterError SOURCE_NOT_FOUND */
  get(principal: Principal, id: string): Promise<StoredSource>;
  nameTaken(principal: Principal, name: string): Promise<boolean>;
  list(principal: Principal, query: SourceQuery): Promise<SourcePage>;
  /** @throws HeadwaterError VERSION_CONFLICT, NAME_TAKEN, SOURCE_NOT_FOUND */
  update(principal: Principal, stored: StoredSource, change: SourceChange, audit: AuditEntry): Promise<Source>;
  /** @throws HeadwaterError VERSION_CONFLICT, SOURCE_NOT_FOUND */
  remove(principal: Principal, stored: StoredSource, audit: AuditEntry): Promise<void>;
  noteTest(principal: Principal, source: Source, outcome: TestOutcome, audit: AuditEntry): Promise<void>;
  /** References whose secrets are others than at the last test that passed. */
  driftedSecrets?(
    principal: Principal,
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
  connectors: readonly Connector[];
  /** The schema of `options`, where the platform has settings of its own. */
  options: () => z.ZodObject;
  abilities: Readonly<Record<Ability, true | string>>;
  /** It reads changes as they happen: a test looks whether the database is fit for that, unless told otherwise. */
  streams: boolean;
  /** What whoever asks about the platform should know besides. */
  notes?: readonly string[];
  sources: PlatformSources;
}

/** What a test looks at beyond the connection where nobody says it. */
export function standardChecks({ streams }: Pick<Platform, 'streams'>, { capabilities }: Connector): readonly string[] {
  return streams && capabilities.includes('cdc_check') ? ['cdc'] : [];
}
