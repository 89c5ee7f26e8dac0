import { randomBytes, randomUUID } from 'node:crypto';
import type { Brought, BroughtProblem } from './connectors/brought/load.ts';
import { CONNECTORS } from './connectors/index.ts';
import { createFileAccess } from './files/file-access.ts';
import { createLog, type Log } from './log.ts';
import { blockList } from './net/address.ts';
import { createAdmission } from './net/admission.ts';
import { createEgress, type Lookup } from './net/egress.ts';
import { attemptLimits } from './net/rate-limit.ts';
import { createLocalPlatform } from './platforms/local/index.ts';
import { createMasterKey } from './secrets/master-key.ts';
import { resolveReference } from './secrets/references.ts';
import { createVault } from './secrets/vault.ts';
import type { Settings } from './settings.ts';
import { newSourceId } from './sources/id.ts';
import { PRINCIPAL_ROLES, type PrincipalRole } from './sources/principal.ts';
import type { SourceRepository } from './sources/repository.ts';
import type { Services } from './sources/services.ts';
import { openStore } from './store/sqlite.ts';
import type { Tool } from './tools/define-tool.ts';
import { enabledTools } from './tools/index.ts';
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
  onSourceChange: SourceRepository['onChange'];
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
  close: () => Promise<void>;
}

export interface Access {
  tools: readonly Tool[];
  services: Services;
}

/** What a test may put in place of the real thing. */
export interface AppParts {
  now?: () => Date;
  lookup?: Lookup;
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
export function createApp(settings: Settings, { now = () => new Date(), lookup, brought = NONE }: AppParts = {}): App {
  const log = createLog(settings.logLevel);
  const store = openStore({ file: settings.storeFile, now });
  const vault = createVault({ loadKey: createMasterKey(settings.masterKey), keyChecks: store.keyChecks });
  const egress = createEgress({
    policy: {
      allowPrivate: settings.egress === 'allow_private',
      allowHosts: new Set(settings.allowHosts),
      allowCidrs: blockList(settings.allowCidrs),
    },
    ...(lookup ? { lookup } : {}),
  });
  const admission = createAdmission({
    ledger: store.ledger,
    limits: attemptLimits(settings.testLimit),
    now,
    random: Math.random,
    newId: randomUUID,
  });
  const { home, masterKey, references, fileRoots } = settings;
  const files = createFileAccess({
    roots: fileRoots,
    closed: [home, ...references.directories, ...(masterKey.file === undefined ? [] : [masterKey.file])],
  });
  const local = createLocalPlatform({
    connectors: [...CONNECTORS, ...brought.connectors].sort((a, b) => (a.code < b.code ? -1 : 1)),
    notes: brought.problems.length > 0 ? [`${brought.problems.length} ${LEFT_OUT}`] : [],
    repository: store.sources,
    vault,
    now,
    newId: () => newSourceId(now()),
  });
  const shared: Omit<Services, 'isEnabled'> = {
    platforms: new Map([[local.code, local]]),
    defaultPlatform: settings.platform,
    admission,
    egress,
    files,
    resolveReference: (reference) => resolveReference(reference, settings.references),
    inlineSecrets: settings.inlineSecrets,
    fingerprint: vault.fingerprint,
    now,
  };
  const accessOf = (role: PrincipalRole): Access => {
    const tools = enabledTools({ role, readOnly: settings.readOnly });
    const names = new Set(tools.map(({ name }) => name));
    return { tools, services: { ...shared, isEnabled: (tool) => names.has(tool) } };
  };
  const accesses = new Map(PRINCIPAL_ROLES.map((role) => [role, accessOf(role)]));
  const access = (role: PrincipalRole) => accesses.get(role) ?? accessOf(role);
  return {
    settings,
    services: access('admin').services,
    access,
    log,
    leftOut: brought.problems,
    onSourceChange: store.sources.onChange,
    consentKey: randomBytes(32),
    spendConsent: spendOnce(),
    newErrorId: () => randomUUID(),
    checkStore: () => store.check(),
    checkKey: async () => {
      if ((await store.keyChecks.list()).length === 0) return false;
      await vault.fingerprint('');
      return true;
    },
    close: () => store.close(),
  };
}
