import { absentConnector } from '../../connectors/absent.ts';
import type { Config } from '../../connectors/config.ts';
import type { Connector } from '../../connectors/define-connector.ts';
import type { ApiClient } from '../../net/api-client.ts';
import type { Reference } from '../../secrets/references.ts';
import { Secret } from '../../secrets/secret.ts';
import type { Vault } from '../../secrets/vault.ts';
import type { AuditEntry } from '../../sources/audit.ts';
import type { Asking } from '../../sources/platform.ts';
import type { CreateIntent, RemoteRecord, RemoteRecords } from '../../sources/remote-records.ts';
import type { IdempotencyEntry } from '../../sources/repository.ts';
import { notForTenant } from '../../sources/services.ts';
import type { PlatformCode, TestOutcome } from '../../sources/source.ts';
import { kept, configOf as openedConfig } from '../credentials.ts';
import { notFound } from '../failures.ts';
import { resealing } from '../resealing.ts';
import { redactorOf, scrubbedError } from './scrub.ts';
import { idOf, KEPT_PREFIX, type Seen } from './shown.ts';
import type { Vendor, VendorCall, VendorSource } from './vendor.ts';

export interface RemoteParts {
  platform: PlatformCode;
  /** In sentences: `Streamkap`. */
  name: string;
  connectors: () => Promise<readonly Connector[]>;
  /** Loaded with its first use. Where the platform is not configured, its client throws PLATFORM_NOT_CONFIGURED. */
  vendor: () => Promise<{ vendor: Vendor; client: Pick<ApiClient, 'urlOf'> }>;
  records: RemoteRecords;
  vault: Vault;
  /** Tenants that may use the operator's account there. */
  tenants: Pick<ReadonlySet<string>, 'has'>;
  resolveReference: (reference: Reference, tenant: string) => Promise<Secret>;
  now: () => Date;
}

/** What a use of a source works with besides. */
interface Inside {
  vendorApi: Vendor;
  client: Pick<ApiClient, 'urlOf'>;
  call: VendorCall;
}

/** What is to be kept of a source. */
interface Keeping {
  vendor: VendorSource;
  connector: Connector;
  config: Config;
  before?: RemoteRecord | undefined;
  outcome?: TestOutcome | undefined;
  /** The config is another one than before. */
  isChanged: boolean;
}

/** Who may come in, what is there, and what we keep of it. */
export function createAccess(parts: RemoteParts) {
  const { platform, name, records, vault } = parts;
  const enter = async (asking: Asking, id?: string) => {
    const { tenant } = asking.principal;
    if (!parts.tenants.has(tenant)) throw notForTenant({ name });
    const { vendor, client } = await parts.vendor();
    const call: VendorCall = {
      signal: asking.signal,
      progress: asking.onProgress ?? (() => {}),
      kept: async () => {
        const record = id === undefined ? undefined : await records.find(tenant, id);
        const held = record ? await heldBy(record) : {};
        const own = Object.entries(held).filter(([path]) => path.startsWith(KEPT_PREFIX));
        return Object.fromEntries(
          own.flatMap(([path, value]) => (value instanceof Secret ? [[path.slice(KEPT_PREFIX.length), value]] : [])),
        );
      },
    };
    return { tenant, vendor, client, call };
  };
  const connectorOf = async (code: string) =>
    (await parts.connectors()).find(({ code: own, vendorCode = own }) => vendorCode === code) ?? absentConnector(code);
  const vendorIdOf = (id: string) => id.slice(platform.length + 1);
  const heldBy = async (record: RemoteRecord) => {
    const again = async () => (await records.find(record.tenant, record.id)) ?? record;
    return (await openedConfig(vault, record, again)).secrets;
  };
  /** Knows every secret that we know of a source, and those that its vendor shows. */
  const redactorFor = async (record: RemoteRecord | undefined, { inClear }: Pick<VendorSource, 'inClear'> = {}) => {
    const held = record ? await heldBy(record) : {};
    return await redactorOf(held, (each) => parts.resolveReference(each, record?.tenant ?? ''), inClear);
  };
  const see = async (asking: Asking, id: string): Promise<Seen & Inside> => {
    const { tenant, vendor: vendorApi, client, call } = await enter(asking, id);
    const record = await records.find(tenant, id);
    const vendor = await vendorApi.get(vendorIdOf(id), call).catch(async (error: unknown) => {
      throw scrubbedError(error, await redactorFor(record).catch(() => undefined));
    });
    if (!vendor) throw notFound(id, platform);
    return {
      platform,
      tenant,
      connector: await connectorOf(vendor.connector),
      vendor,
      record,
      vendorApi,
      client,
      call,
    };
  };

  /** Keeps what was sent and what came back, sealed; with the audit entry of what was done. */
  const keep = async (
    tenant: string,
    { vendor, connector, config, before, outcome, isChanged }: Keeping,
    audit: AuditEntry,
    ends: { intent?: CreateIntent; idempotency?: IdempotencyEntry } = {},
  ): Promise<RemoteRecord> => {
    const id = idOf(platform, vendor.id);
    const extra = Object.entries(vendor.keep ?? {}).map(([key, secret]) => [KEPT_PREFIX + key, secret] as const);
    const whole = { ...config, secrets: { ...config.secrets, ...Object.fromEntries(extra) } };
    // Another config is another thing to test.
    const lastTest = isChanged ? null : (before?.lastTest ?? null);
    const { record } = await resealing(vault, async () => {
      const credentialVersion = (before?.credentialVersion ?? 0) + (isChanged ? 1 : 0);
      const record: RemoteRecord = {
        tenant,
        id,
        connector: connector.code,
        ...(await kept(vault, whole, { tenant, sourceId: id, credentialVersion }, outcome)),
        lastTest: outcome ? testOf(outcome) : lastTest,
      };
      const result = await records.keep(record, { ...audit, source_id: id }, ends);
      return { record, retired: result === 'key_retired' };
    });
    return record;
  };
  return { enter, see, keep, heldBy, redactorFor, connectorOf };
}

/** What a record keeps of a test. */
export function testOf({ status, lastError, errorCategory, testedAt, latencyMs }: TestOutcome) {
  return { status, lastError, testedAt, latencyMs, ...(errorCategory === undefined ? {} : { errorCategory }) };
}
