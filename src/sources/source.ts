import type { Report } from '../probes/report.ts';
import type { Secret } from '../secrets/secret.ts';

export const STATUSES = [
  'Pending',
  'Starting',
  'Active',
  'Paused',
  'Stopped',
  'Broken',
  'NeedsAuth',
  'Unassigned',
  'Unknown',
] as const;
export type Status = (typeof STATUSES)[number];

export const DESIRED_STATES = ['Active', 'Paused', 'Stopped', 'Pending'] as const;
export type DesiredState = (typeof DESIRED_STATES)[number];

export const PLATFORM_CODES = ['local', 'streamkap', 'kaireon', 'airweave', 'camelai', 'kafka_connect'] as const;
export type PlatformCode = (typeof PLATFORM_CODES)[number];

/**
 * How a secret shows: that it is set, and where it comes from (`vault`, `env:NAME`, `file:/path` …). Never its value.
 * The fingerprint is that of the value when it was given or last passed a test; see `secretFingerprint`.
 */
export interface ShownSecret {
  set: true;
  from: string;
  fingerprint?: string;
}

/** A source as every tool and resource shows it. Holds no secret. */
export interface Source {
  id: string;
  name: string;
  connector: string;
  connector_display_name: string;
  platform: PlatformCode;
  /** The platform's own code of its connector, where that is another one. */
  platform_connector?: string;
  description?: string;
  config: Readonly<Record<string, unknown>>;
  desired_state: DesiredState;
  status: Status;
  /** In the platform's words. */
  platform_status?: string;
  /** How it signs in there, and whether that has worked. */
  auth?: Readonly<Record<string, unknown>>;
  /** Set by failures only, cleared by success; warnings never go here. */
  last_error: string | null;
  error_category?: string;
  last_tested_at: string | null;
  latency_ms?: number;
  /** When the rows were last counted, and how many there were. */
  last_sync_at?: string;
  last_sync_row_count?: number;
  topics?: readonly string[];
  streams?: readonly unknown[];
  tasks?: readonly unknown[];
  schedule?: Readonly<Record<string, unknown>>;
  tags: readonly string[];
  collection?: string;
  todo: readonly Todo[];
  /** Every other field that the platform answers with, secrets masked. */
  details?: Readonly<Record<string, unknown>>;
  external_url?: string;
  created_from: 'api';
  /** Null where the platform does not say. */
  created_at: string | null;
  updated_at: string | null;
  version: number;
  tenant_id: string;
}

/** What a person must still do. */
export interface Todo {
  kind: 'open_url' | 'run_sql' | 'copy_value';
  /** What to do with it, and why. */
  text: string;
  url?: string;
  sql?: string;
  value?: string;
  /** ISO 8601. */
  expires_at?: string;
}

/** One run of a source on its platform. */
export interface RunRecord {
  id?: string;
  /** In the platform's words, in small letters: `running`, `completed`. */
  status: string;
  started_at?: string;
  completed_at?: string;
  /** What it has done so far: `inserted`, `updated` … */
  counts?: Readonly<Record<string, number>>;
  error?: string;
}

/** What the last test says of a source. */
export interface TestOutcome {
  status: Status;
  lastError: string | null;
  errorCategory?: string;
  testedAt: string;
  latencyMs: number;
  /** Of a passed test that counts rows. */
  rowCount?: number;
  /** Of a passed test: the secrets it was made with, by path. */
  secrets?: Readonly<Record<string, Secret>>;
}

/** What a test result makes of a source that is wanted in `desired` state. */
export function outcomeOf(report: Report, desired: DesiredState, secrets?: TestOutcome['secrets']): TestOutcome {
  const failure = report.steps.find((step) => step.status === 'fail');
  const reached: Status = report.ok ? 'Active' : failure?.code === 'OAUTH_SIGN_IN_NEEDED' ? 'NeedsAuth' : 'Broken';
  return {
    status: desired === 'Active' ? reached : desired,
    lastError: report.ok ? null : report.headline,
    ...(failure?.code ? { errorCategory: failure.code } : {}),
    testedAt: report.tested_at,
    latencyMs: report.latency_ms,
    ...(report.ok && report.row_count !== undefined ? { rowCount: report.row_count } : {}),
    ...(report.ok && secrets ? { secrets } : {}),
  };
}

/** The status of a source that has not been tested. */
export function untestedStatus(desired: DesiredState): Status {
  return desired === 'Active' ? 'Unknown' : desired;
}

/** True where Headwater may open connections for a source. */
export function mayConnect(desired: DesiredState): boolean {
  return desired === 'Active' || desired === 'Pending';
}

/** Two names are the same name when these are equal: whatever their capitals, composition and invisible signs. */
export function nameKey(name: string): string {
  const visible = name.replace(/\p{Default_Ignorable_Code_Point}/gu, '').trim();
  // Up and down, because some letters are one only in capitals: ß and ss, the two small sigmas.
  return visible.normalize('NFC').toLowerCase().toUpperCase().toLowerCase().normalize('NFC');
}
