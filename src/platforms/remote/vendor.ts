import type { Connector } from '../../connectors/define-connector.ts';
import type { ApiRequest } from '../../net/api-client.ts';
import type { Secret } from '../../secrets/secret.ts';
import type { LeftBehind, RunRequest } from '../../sources/platform.ts';
import type { DesiredState, RunRecord, Source, Status, Todo } from '../../sources/source.ts';

/** How one call talks to a vendor: until when, and who hears how it goes. */
export interface VendorCall {
  signal: AbortSignal;
  /** One short sentence: `Streamkap says Starting`. */
  progress: (text: string) => void;
  /** What `keep` of this source had; nothing of a new one, or of one that was made elsewhere. */
  kept: () => Promise<Readonly<Record<string, Secret>>>;
}

/** What a vendor keeps of a source, in Headwater's words. What has none of ours goes to `details`, secrets masked. */
export interface VendorSource
  extends Partial<
    Pick<
      Source,
      | 'description'
      | 'auth'
      | 'error_category'
      | 'latency_ms'
      | 'last_sync_at'
      | 'last_sync_row_count'
      | 'topics'
      | 'streams'
      | 'tasks'
      | 'schedule'
      | 'collection'
      | 'external_url'
    >
  > {
  /** The vendor's own id. */
  id: string;
  name: string;
  /** The vendor's code of its connector. */
  connector: string;
  /**
   * Settings under the vendor's own keys, each in the type that the catalog gives it. No secret, no mask. Absent where
   * the vendor shows none: then what was sent is shown.
   */
  config?: Readonly<Record<string, unknown>>;
  /**
   * Paths of secrets that are set there although nobody here knows them. Absent: the vendor does not say, so every
   * secret that the connector requires is taken to be set.
   */
  secretsSet?: readonly string[];
  /** Of these, where the vendor itself reads each from, as references show: `worker:file:/run/db.properties:password`. */
  secretsFrom?: Readonly<Record<string, string>>;
  desiredState: DesiredState;
  status: Status;
  /** In the vendor's words. */
  platformStatus?: string;
  lastError: string | null;
  lastTestedAt?: string;
  tags?: readonly string[];
  todo?: readonly Todo[];
  details?: Readonly<Record<string, unknown>>;
  /** Secrets that the vendor gave with this answer, to be kept sealed for later calls: a claim token. */
  keep?: Readonly<Record<string, Secret>>;
  /** Of a create or an update: what whoever asked for it should know of how it was done. */
  warnings?: readonly string[];
  /** Secrets that the vendor shows to all who ask, and may repeat: they are taken out of whatever it says of the source. */
  inClear?: readonly Secret[];
  /** ISO 8601; null where the vendor does not say. */
  createdAt: string | null;
  updatedAt: string | null;
}

/** A source as it is to be made there. */
export interface VendorDraft {
  name: string;
  connector: Connector;
  description?: string;
  /**
   * The whole config under the vendor's own keys, as validated. Secrets are `Secret`s; a `${worker:…}` is a `Reference`.
   * For a plan, which is only shown, every secret stands there as what may be shown of it.
   */
  config: Readonly<Record<string, unknown>>;
  /** As `options()` of the platform has validated them. */
  options: Readonly<Record<string, unknown>>;
  desiredState: DesiredState;
  tags: readonly string[];
  schedule?: Readonly<Record<string, unknown>>;
  syncImmediately?: boolean;
}

/** Only what is to change. `config` is the whole new one; a secret that only the vendor knows is a `Reference` there. */
export interface VendorChange {
  name?: string;
  description?: string | null;
  config?: Readonly<Record<string, unknown>>;
  /** Names of the fields of `config` that differ from what is stored. */
  changedFields: readonly string[];
  options: Readonly<Record<string, unknown>>;
  desiredState?: DesiredState;
  tags?: readonly string[];
  schedule?: Readonly<Record<string, unknown>> | null;
}

export interface VendorQuery {
  /** The vendor's code of a connector. */
  connector?: string;
  status?: Status;
  tag?: string;
  /** Part of a name, case-insensitive. */
  query?: string;
  limit: number;
  /** Where the page before ended: what it gave as `next`. */
  after?: string;
}

export interface VendorPage {
  /** What a list says of each; filters that the vendor has not are applied by whoever asks. */
  sources: readonly VendorSource[];
  /** Exact, and only where every filter that was asked for was the vendor's own. */
  total?: number;
  next?: string;
}

/** What came of an action: the run that it began, and what else to say. */
export interface VendorRun {
  run?: RunRecord;
  /** As `VendorSource.keep`. */
  keep?: Readonly<Record<string, Secret>>;
  /** What a person must do now, where the action gives that. */
  todo?: readonly Todo[];
  warnings?: readonly string[];
}

/**
 * One vendor's API, in one folder. It says HTTP and the vendor's words on one side and Headwater's on the other, and
 * keeps nothing: names, versions, secrets, idempotency and waiting are `createRemoteSources`' business.
 * Every method throws a HeadwaterError only: PLATFORM_…, NAME_TAKEN, SOURCE_NOT_FOUND, RATE_LIMITED, OUTCOME_UNKNOWN …
 */
export interface Vendor {
  /** How long the vendor may be at a create, whoever waits for it. Default: a few seconds. */
  createMs?: number;
  /** What a create sends, exactly and in order, without sending anything. */
  createRequests(draft: VendorDraft): readonly ApiRequest[];
  /** Sends that, once. Whatever it does not know of the outcome it says as OUTCOME_UNKNOWN. */
  create(draft: VendorDraft, call: VendorCall): Promise<VendorSource>;
  /** @returns undefined where there is no such source */
  get(id: string, call: VendorCall): Promise<VendorSource | undefined>;
  list(query: VendorQuery, call: VendorCall): Promise<VendorPage>;
  /** A tag as sources there carry it, by what people call it. Absent: they are the same. */
  tagOf?(tag: string, call: VendorCall): Promise<string>;
  /** All of exactly this name, however many pages that takes. */
  named(name: string, call: VendorCall): Promise<readonly VendorSource[]>;
  updateRequests(before: VendorSource, change: VendorChange, connector: Connector): readonly ApiRequest[];
  update(before: VendorSource, change: VendorChange, connector: Connector, call: VendorCall): Promise<VendorSource>;
  /** Resolves once it is gone, or once the vendor has said that it will be. */
  remove(source: VendorSource, call: VendorCall): Promise<readonly LeftBehind[]>;
  /** Nothing more is about to happen by itself: Active, Broken, waiting for a person. Absent: always so. */
  isSettled?(source: VendorSource): boolean;
  /** The actions of `run_source` that the vendor has. */
  actions: Readonly<
    Partial<
      Record<RunRequest['action'], (source: VendorSource, request: RunRequest, call: VendorCall) => Promise<VendorRun>>
    >
  >;
}
