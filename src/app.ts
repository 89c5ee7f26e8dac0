import { randomBytes, randomUUID } from 'node:crypto';
import type { Brought, BroughtProblem } from './connectors/brought/load.ts';
import { CONNECTORS } from './connectors/index.ts';
import { HeadwaterError } from './errors.ts';
import { createFileAccess } from './files/file-access.ts';
import { createLog, type Log } from './log.ts';
import { blockList } from './net/address.ts';
import { createAdmission } from './net/admission.ts';
import { createAsk } from './net/ask.ts';
import { createEgress, type Lookup } from './net/egress.ts';
import { createMachine } from './net/machine.ts';
import { getFrom } from './net/operator-http.ts';
import { attemptLimits } from './net/rate-limit.ts';
import type { ServiceLookup } from './net/srv.ts';
import { createVendorPlatforms } from './platforms/index.ts';
import { createLocalPlatform } from './platforms/local/index.ts';
import { createHomeKeys } from './secrets/home-keys.ts';
import { type Rotation, rotateKey } from './secrets/key-rotation.ts';
import { type KeyStatus, keyStatus } from './secrets/key-status.ts';
import { createMasterKey, isConfigured } from './secrets/master-key.ts';
import { createNamedSecrets, type NamedSecrets } from './secrets/named-secrets.ts';
import { credentialReader } from './secrets/providers/credential.ts';
import { envReader } from './secrets/providers/env.ts';
import { fileReader } from './secrets/providers/file.ts';
import { vaultReader } from './secrets/providers/vault.ts';
import { vaultToken } from './secrets/providers/vault-token.ts';
import { resolveReference } from './secrets/references.ts';
import { createVault } from './secrets/vault.ts';
import type { Settings } from './settings.ts';
import type { Audit } from './sources/audit.ts';
import { newSourceId } from './sources/id.ts';
import { createKeeper } from './sources/keep-entry.ts';
import { PRINCIPAL_ROLES, type PrincipalRole } from './sources/principal.ts';
import type { SourceRepository } from './sources/repository.ts';
import type { Services } from './sources/services.ts';
import { createTokenDesk } from './sources/token-desk.ts';
import { openStore } from './store/sqlite.ts';
import type { Tool } from './tools/define-tool.ts';
import { enabledTools, TOOLS } from './tools/index.ts';
import { spendOnce } from './tools/spend-once.ts';

/** Everything a server, a command or a test works with. */
export interface App {
  settings: Settings;
  /** For whoever runs the process. */
  services: Services;
  /** The tools somebody of this role has, and services that offer no others. */
  access: (role: PrincipalRole) => Access;
  log: Log;
  /** Connector files of the operator that were left out, and why. */
  leftOut: readonly BroughtProblem[];
  /** With all that this process has still to write there. */
  audit: Pick<Audit, 'page' | 'verify'>;
  onSourceChange: SourceRepository['onChange'];
  /** From now on there are credential pages, and this says where each is. */
  servePages: (url: (nonce: string) => Promise<string>) => void;
  /** Signs what a person agreed to, for as long as this process lives. */
  consentKey: Uint8Array;
  /** True the first time for each nonce. */
  spendConsent: (nonce: string) => boolean;
  newErrorId: () => string;
  /** Opens the store as its first use would. @throws HeadwaterError STORE_UNAVAILABLE */
  checkStore: () => Promise<void>;
  /**
   * Proves the master key against the store; false where nothing was ever sealed, so that there is nothing to prove.
   * Makes no key. @throws HeadwaterError KEY_UNAVAILABLE, STORE_UNAVAILABLE
   */
  checkKey: () => Promise<boolean>;
  /** The master keys, for the operator alone. */
  keys: Keys;
  /** Secrets under names, which only the operator stores and lists. */
  secrets: NamedSecrets;
  close: () => Promise<void>;
}

export interface Keys {
  status: () => Promise<KeyStatus>;
  /** `given`: the text of the old key, where the new one is configured. */
  rotate: (given?: string) => Promise<Rotation | undefined>;
}

export interface Access {
  tools: readonly Tool[];
  /** Names of those that this role, or nobody here, has. */
  withheld: readonly string[];
  services: Services;
}

/** What a test may put in place of the real thing. */
export interface AppParts {
  now?: () => Date;
  lookup?: Lookup;
  /** SRV and TXT records. */
  services?: ServiceLookup;
  brought?: Brought;
}

/** An app with the operator's connectors, which have to be loaded first where there are any. */
export async function prepareApp(settings: Settings): Promise<App> {
  if (settings.connectors === undefined) return createApp(settings);
  const { loadConnectors } = await import('./connectors/brought/load.ts');
  const log = createLog(settings.logLevel);
  // A promise that a connector file forgot must not end everybody's server.
  process.on('unhandledRejection', (reason) => {
    log.error({ kind: reason instanceof Error ? reason.name : typeof reason }, 'a rejected promise that nobody heard');
  });
  return createApp(settings, { brought: await loadConnectors(settings.connectors) });
}

const LEFT_OUT = 'connector files of the operator could not be used; `headwater doctor` says why.';
const NONE: Brought = { connectors: [], problems: [] };

/** Composes the app. Touches no file, network or driver: each opens with its first use. */
export function createApp(settings: Settings, parts: AppParts = {}): App {
  const { now = () => new Date(), lookup, services: found, brought = NONE } = parts;
  const log = createLog(settings.logLevel);
  const store = openStore({ file: settings.storeFile, now });
  const homeKeys = createHomeKeys(settings.home);
  const keyParts = {
    where: settings.masterKey,
    loadKey: createMasterKey(settings.masterKey),
    homeKeys,
    store: store.keys,
    random: randomBytes,
  };
  const vault = createVault({
    loadKey: keyParts.loadKey,
    ...(isConfigured(settings.masterKey) ? {} : { loadPrevious: homeKeys.previous }),
    keys: store.keys,
  });
  const egress = createEgress({
    policy: {
      allowPrivate: settings.egress === 'allow_private',
      allowHosts: new Set(settings.allowHosts),
      allowCidrs: blockList(settings.allowCidrs),
    },
    ...(lookup ? { lookup } : {}),
    ...(found ? { services: found } : {}),
  });
  const admission = createAdmission({
    ledger: store.ledger,
    limits: attemptLimits(settings.testLimit),
    now,
    random: Math.random,
    newId: randomUUID,
  });
  const secrets = createNamedSecrets({ store: store.namedSecrets, vault, now });
  const providers = { ...providersOf(settings, now, lookup), credential: credentialReader(secrets.read) };
  const { home, masterKey, references, fileRoots, vault: hashicorp } = settings;
  const files = createFileAccess({
    roots: fileRoots,
    closed: [home, masterKey.file, hashicorp.tokenFile, ...references.directories].filter((path) => path !== undefined),
  });
  const local = createLocalPlatform({
    connectors: [...CONNECTORS, ...brought.connectors].sort((a, b) => (a.code < b.code ? -1 : 1)),
    notes: brought.problems.length > 0 ? [`${brought.problems.length} ${LEFT_OUT}`] : [],
    repository: store.sources,
    vault,
    now,
    newId: () => newSourceId(now()),
  });
  const { tenants, ...accounts } = settings.platforms;
  const vendors = createVendorPlatforms(accounts, {
    records: store.remotes,
    vault,
    tenants: { has: (tenant) => tenants.includes('*') || tenants.includes(tenant) },
    resolveReference: (reference, tenant) => resolveReference(reference, providers, tenant),
    caFile: accounts.caFile,
    now,
    lookup,
  });
  const pages: { url: (nonce: string) => Promise<string> } = { url: () => Promise.reject(noPages()) };
  const keeper = createKeeper(store.audit, ({ tenant, subject, surface, action, outcome, codes, source_id }) =>
    log.error({ tenant, subject, surface, action, outcome, codes, source_id }, 'audit entry not kept'),
  );
  const shared: Omit<Services, 'isEnabled'> = {
    platforms: new Map([local, ...vendors].map((platform) => [platform.code, platform])),
    defaultPlatform: settings.platform,
    admission,
    egress,
    machine: createMachine({ outgoing: settings.outgoing }),
    files,
    resolveReference: (reference, tenant) => resolveReference(reference, providers, tenant),
    inlineSecrets: settings.inlineSecrets,
    fingerprint: vault.fingerprint,
    keepEntry: keeper.keepEntry,
    sessions: store.sessions,
    vault,
    tokens: createTokenDesk(createAsk(egress, now)),
    credentialPages: { url: (nonce) => pages.url(nonce) },
    now,
  };
  const accessOf = (role: PrincipalRole): Access => {
    const tools = enabledTools({ role, readOnly: settings.readOnly });
    const names = new Set(tools.map(({ name }) => name));
    const withheld = TOOLS.flatMap(({ name }) => (names.has(name) ? [] : [name]));
    return { tools, withheld, services: { ...shared, isEnabled: (tool) => names.has(tool) } };
  };
  const accesses = new Map(PRINCIPAL_ROLES.map((role) => [role, accessOf(role)]));
  const access = (role: PrincipalRole) => accesses.get(role) ?? accessOf(role);
  return {
    settings,
    services: access('admin').services,
    access,
    log,
    leftOut: brought.problems,
    audit: {
      page: async (...args) => {
        await keeper.settled();
        return await store.audit.page(...args);
      },
      verify: async (...args) => {
        await keeper.settled();
        return await store.audit.verify(...args);
      },
    },
    onSourceChange: store.sources.onChange,
    servePages: (url) => {
      pages.url = url;
    },
    consentKey: randomBytes(32),
    spendConsent: spendOnce(),
    newErrorId: () => randomUUID(),
    checkStore: () => store.check(),
    checkKey: vault.check,
    keys: {
      status: () => keyStatus(keyParts),
      rotate: (given) => rotateKey(keyParts, given),
    },
    secrets,
    close: async () => {
      await keeper.settled();
      await store.close();
    },
  };
}

function noPages(): HeadwaterError {
  return new HeadwaterError('UNSUPPORTED', 'No page for credentials can be served here.', {
    hint: 'Use references, or `headwater secret set NAME`.',
  });
}

/** Where references lead, by the operator's settings. */
function providersOf({ references, vault }: Settings, now: () => Date, lookup: Lookup | undefined) {
  const { url, caFile, prefixes, namespace } = vault;
  return {
    env: envReader(references),
    file: fileReader(references),
    vault: vaultReader({
      ...(url ? { ask: getFrom({ url, caFile }, now, lookup) } : {}),
      ...(namespace === undefined ? {} : { namespace }),
      token: vaultToken(vault),
      prefixes,
      now,
    }),
  };
}
