import type { Connector } from '../../connectors/define-connector.ts';
import { HeadwaterError } from '../../errors.ts';
import type { ApiClient, ApiParts } from '../../net/api-client.ts';
import type { Lookup } from '../../net/egress.ts';
import type { StepSpec } from '../../probes/probe.ts';
import type { Reference } from '../../secrets/references.ts';
import type { Secret } from '../../secrets/secret.ts';
import type { Vault } from '../../secrets/vault.ts';
import { type Platform, RUN_ACTIONS, type Run, type RunAction } from '../../sources/platform.ts';
import type { RemoteRecords } from '../../sources/remote-records.ts';
import type { RemoteSources } from './sources.ts';
import type { Vendor } from './vendor.ts';

/** What a platform's `index.ts` says of it without loading anything of it. */
export interface VendorHead
  extends Pick<
    Platform,
    'code' | 'name' | 'summary' | 'configured' | 'connectorCount' | 'options' | 'abilities' | 'streams' | 'notes'
  > {
  /** Each action: that the vendor has it, or the reason why not. */
  actions: Readonly<Record<RunAction, true | string>>;
  /** Imported with its first use. */
  catalog: () => Promise<readonly Connector[]>;
  /** Where its API is. */
  url: URL;
  /** Imports the adapter and makes it; `connect` makes clients of the API, the one that it answers with and others. */
  open: (
    connect: (parts: Omit<ApiParts, 'name' | 'server' | 'now' | 'lookup'>) => ApiClient,
    now: () => Date,
  ) => Promise<Opened>;
}

export interface Opened {
  vendor: Vendor;
  client: ApiClient;
  /** See `Platform.ownChecks`. */
  ownChecks?: (subject: Subject) => readonly StepSpec[];
}

type Subject = Parameters<NonNullable<Platform['ownChecks']>>[0];

/** What every platform that is somebody else's works with. */
export interface VendorShared {
  records: RemoteRecords;
  vault: Vault;
  tenants: Pick<ReadonlySet<string>, 'has'>;
  resolveReference: (reference: Reference, tenant: string) => Promise<Secret>;
  /** PEM file of an authority to trust besides the public ones. */
  caFile?: string | undefined;
  now: () => Date;
  lookup?: Lookup | undefined;
}

/** A platform of its head: everything behind it is loaded with its first use. */
export function createVendorPlatform(head: VendorHead, shared: VendorShared): Platform {
  const { catalog, url, open, actions, ...told } = head;
  let connectors: Promise<readonly Connector[]> | undefined;
  let opened: Promise<Opened> | undefined;
  let remote: Promise<RemoteSources> | undefined;
  const connectorsOf = () => {
    connectors ??= catalog();
    return connectors;
  };
  const openedOf = () => {
    opened ??= connectTo(head, shared);
    return opened;
  };
  const remoteOf = () => {
    remote ??= import('./sources.ts').then(({ createRemoteSources }) =>
      createRemoteSources({
        ...shared,
        platform: head.code,
        name: head.name,
        connectors: connectorsOf,
        vendor: openedOf,
      }),
    );
    return remote;
  };
  const run =
    (action: RunAction): Run =>
    async (...args) =>
      await (await remoteOf()).run(action)(...args);
  return {
    ...told,
    openTo: (tenant) => shared.tenants.has(tenant),
    connectors: connectorsOf,
    actions: Object.fromEntries(
      RUN_ACTIONS.map((action) => [action, actions[action] === true ? run(action) : actions[action]]),
    ) as Platform['actions'],
    sources: {
      create: async (...args) => await (await remoteOf()).sources.create(...args),
      planCreate: async (draft) => (await (await remoteOf()).sources.planCreate?.(draft)) ?? [],
      planUpdate: async (...args) => (await (await remoteOf()).sources.planUpdate?.(...args)) ?? [],
      replayed: async (...args) => await (await remoteOf()).sources.replayed(...args),
      get: async (...args) => await (await remoteOf()).sources.get(...args),
      nameTaken: async (...args) => await (await remoteOf()).sources.nameTaken(...args),
      list: async (...args) => await (await remoteOf()).sources.list(...args),
      update: async (...args) => await (await remoteOf()).sources.update(...args),
      remove: async (...args) => await (await remoteOf()).sources.remove(...args),
      noteTest: async (...args) => await (await remoteOf()).sources.noteTest(...args),
      onChange: () => () => {},
    },
    ownChecks: async (subject) => (head.configured === true ? ((await openedOf()).ownChecks?.(subject) ?? []) : []),
  };
}

async function connectTo({ name, url, configured, open }: VendorHead, shared: VendorShared): Promise<Opened> {
  const { createApiClient } = await import('../../net/api-client.ts');
  return await open((parts) => {
    const { now, lookup, caFile } = shared;
    const client = createApiClient({ ...parts, name, server: { url, caFile }, now, ...(lookup ? { lookup } : {}) });
    return configured === true ? client : { ...client, send: () => Promise.reject(notConfigured(name, configured)) };
  }, shared.now);
}

function notConfigured(name: string, needs: string): HeadwaterError {
  return new HeadwaterError('PLATFORM_NOT_CONFIGURED', `${name} is not configured here.`, {
    hint: needs,
    next: [{ tool: 'describe_platforms', arguments: {}, why: 'See which platforms can be used here.' }],
  });
}
