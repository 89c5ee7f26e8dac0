import type { Connector } from '../connectors/define-connector.ts';
import { findConnector } from '../connectors/search.ts';
import type { NextCall } from '../errors.ts';
import { HeadwaterError } from '../errors.ts';
import type { FileAccess } from '../files/file-access.ts';
import type { Admission } from '../net/admission.ts';
import type { Egress } from '../net/egress.ts';
import type { Machine } from '../net/machine.ts';
import type { OnStep } from '../probes/probe.ts';
import type { Reference } from '../secrets/references.ts';
import type { Secret } from '../secrets/secret.ts';
import type { Vault } from '../secrets/vault.ts';
import type { KeepEntry } from './audit.ts';
import type { CredentialSessions } from './credential-sessions.ts';
import { storedDestination } from './destination.ts';
import { platformCodeOf } from './id.ts';
import type { Platform, StoredSource } from './platform.ts';
import type { Principal } from './principal.ts';
import type { PlatformCode } from './source.ts';
import type { TokenDesk } from './token-desk.ts';
import { soughtSource, type Trail } from './trail.ts';

/** What the use cases work with. `app.ts` composes it. */
export interface Services {
  platforms: ReadonlyMap<PlatformCode, Platform>;
  defaultPlatform: PlatformCode;
  /** Asked before anything is dialled. */
  admission: Admission;
  egress: Egress;
  machine: Machine;
  files: FileAccess;
  /** Reads the secret it points at, for somebody of that tenant. */
  resolveReference: (reference: Reference, tenant: string) => Promise<Secret>;
  inlineSecrets: 'warn' | 'refuse' | 'allow';
  /** Hand-overs of credentials, and what seals them. */
  sessions: CredentialSessions;
  vault: Pick<Vault, 'seal' | 'open'>;
  /** Renews the tokens of OAuth providers. */
  tokens: TokenDesk;
  /** Where the page of a link is; whoever serves pages says it. @throws HeadwaterError UNSUPPORTED where nobody does */
  credentialPages: { url: (nonce: string) => Promise<string> };
  /** A keyed digest: equal texts have equal digests, and nobody without the key can try texts. */
  fingerprint: (text: string) => Promise<string>;
  /** Keeps what a call leaves in the audit trail besides what it writes. */
  keepEntry: KeepEntry;
  now: () => Date;
  isEnabled: (tool: string) => boolean;
}

/** One call of a use case: who asks, what it leaves in the audit trail, how it is cancelled, who hears of progress. */
export interface Call {
  principal: Principal;
  trail: Trail;
  signal: AbortSignal;
  onStep?: OnStep;
  /** One short sentence on what is being waited for. */
  onProgress?: (text: string) => void;
  /** A person says that an account whose logins were rejected has been mended. Never at a model's word. */
  insists?: boolean;
}

export function platformOf(services: Services, code: PlatformCode | undefined): Platform {
  const platform = services.platforms.get(code ?? services.defaultPlatform);
  if (!platform) throw new HeadwaterError('UNSUPPORTED', `The platform ${code} is not available.`);
  return platform;
}

/** The platform that a source id belongs to: `src_…` is local, the others begin with their platform's code. */
export function platformOfSource(services: Services, id: string): Platform {
  const code = platformCodeOf(id);
  const platform = code && services.platforms.get(code);
  return platform ?? platformOf(services, 'local');
}

/**
 * The connector of that code, name or alias on a platform, for a config: one in portable names may belong to another
 * connector of the same platform. @throws HeadwaterError CONNECTOR_NOT_FOUND
 */
export async function connectorFor(
  platform: Platform,
  text: string,
  config?: Readonly<Record<string, unknown>>,
): Promise<Connector> {
  const connectors = await platform.connectors();
  const connector = findConnector(connectors, text);
  const instead = config && connector.instead?.(config);
  return instead === undefined ? connector : findConnector(connectors, instead);
}

/** The caller's source of that id, and from then on the trail tells of it. @throws HeadwaterError SOURCE_NOT_FOUND */
export async function storedSource(services: Services, id: string, call: Call): Promise<StoredSource> {
  const { trail } = call;
  trail.note({ target: soughtSource(id) });
  const stored = await platformOfSource(services, id).sources.get(call, id);
  const { source, connector } = stored;
  trail.concerns(connector);
  trail.note({ target: null, source_id: source.id, destination_before: storedDestination(connector, source) });
  return stored;
}

export function notForTenant({ name }: Pick<Platform, 'name'>): HeadwaterError {
  return new HeadwaterError('UNSUPPORTED', `The ${name} account of this Headwater is not open to your tenant.`, {
    hint: NOT_OPEN,
  });
}

export const NOT_OPEN = 'An operator can open it: HEADWATER_PLATFORM_TENANTS.';

/** Next calls of tools that are enabled; the others are left out. */
export function offer(services: Services, ...calls: readonly NextCall[]): NextCall[] {
  return calls.filter(({ tool }) => services.isEnabled(tool));
}

/** The platform as an argument, where it is not the one that is meant without. */
export function platformArgument({ defaultPlatform }: Services, { code }: Platform): { platform?: PlatformCode } {
  return code === defaultPlatform ? {} : { platform: code };
}

/** The call that shows what each field of a connector means. */
export function offerSchema(services: Services, platform: Platform, connector: Connector, why: string): NextCall[] {
  const { code, vendorCode = code } = connector;
  return offer(services, {
    tool: 'get_connector_schema',
    arguments: { connector: vendorCode, ...platformArgument(services, platform) },
    why,
  });
}

/** The call that shows what there is to read in a source, where its connector has anything. */
export function offerDiscovery(services: Services, connector: Connector, sourceId: string): NextCall[] {
  if (!connector.capabilities.includes('discover')) return [];
  return offer(services, { tool: 'discover_source', arguments: { source_id: sourceId }, why: 'See its tables.' });
}
