import type { Config } from '../connectors/config.ts';
import { HeadwaterError } from '../errors.ts';
import { secretFingerprint } from '../secrets/fingerprint.ts';
import { describeReference, shownReference } from '../secrets/references.ts';
import { packSecrets, Secret, unpackSecrets } from '../secrets/secret.ts';
import type { SealContext, Vault } from '../secrets/vault.ts';
import type { TestOutcome } from '../sources/source.ts';

const FROM_VAULT = 'vault';

/** What credentials are kept in: a local source, or what we keep of one elsewhere. */
export interface HoldsCredentials {
  tenant: string;
  id: string;
  settings: Readonly<Record<string, unknown>>;
  secretSources: Readonly<Record<string, string>>;
  sealed: string | null;
  credentialVersion: number;
}

/** What a record's credentials are sealed for. */
export function ownerOf({
  tenant,
  id: sourceId,
  credentialVersion,
}: Pick<HoldsCredentials, 'tenant' | 'id' | 'credentialVersion'>): SealContext {
  return { tenant, sourceId, credentialVersion };
}

/**
 * How a config is kept: settings in clear, references by name, literal secrets in one envelope.
 * @throws HeadwaterError KEY_UNAVAILABLE
 */
export async function kept(vault: Vault, config: Config, owner: SealContext, outcome: TestOutcome | undefined) {
  const literals: Record<string, Secret> = {};
  const secretSources: Record<string, string> = {};
  for (const [name, value] of Object.entries(config.secrets)) {
    secretSources[name] = value instanceof Secret ? FROM_VAULT : describeReference(value);
    if (value instanceof Secret) literals[name] = value;
  }
  const sealed = Object.keys(literals).length > 0 ? await vault.seal(packSecrets(literals), owner) : null;
  return {
    settings: config.settings,
    secretSources,
    sealed,
    fingerprints: await fingerprintsOf(vault, { ...outcome?.secrets, ...literals }, owner),
    credentialVersion: owner.credentialVersion,
  };
}

/**
 * A record's config, its literal secrets opened. `again` reads the record anew, for a master key that was replaced
 * since. @throws HeadwaterError KEY_UNAVAILABLE
 */
export async function configOf(
  vault: Vault,
  record: HoldsCredentials,
  again: () => Promise<Pick<HoldsCredentials, 'sealed' | 'credentialVersion'>>,
): Promise<Config> {
  const literals = record.sealed === null ? {} : unpackSecrets(await opened(vault, record, again));
  const secrets: Record<string, Config['secrets'][string]> = {};
  for (const [name, from] of Object.entries(record.secretSources)) {
    const value = from === FROM_VAULT ? literals[name] : shownReference(from);
    if (value) secrets[name] = value;
  }
  return { settings: record.settings, secrets };
}

async function opened(
  vault: Vault,
  record: HoldsCredentials,
  again: () => Promise<Pick<HoldsCredentials, 'sealed' | 'credentialVersion'>>,
): Promise<string> {
  try {
    return await vault.open(record.sealed ?? '', ownerOf(record));
  } catch (error) {
    const { sealed, credentialVersion } = await again();
    if (sealed === null || sealed === record.sealed || credentialVersion !== record.credentialVersion) throw error;
    return await vault.open(sealed, ownerOf(record));
  }
}

/** Fingerprints by field; none without a usable key, which only what is sealed cannot do without. */
export async function fingerprintsOf(
  vault: Vault,
  secrets: Readonly<Record<string, Secret>> = {},
  owner: SealContext,
): Promise<Record<string, string>> {
  const fingerprints: Record<string, string> = {};
  try {
    for (const [field, secret] of Object.entries(secrets)) {
      fingerprints[field] = await secretFingerprint(vault.fingerprint, secret, owner, field);
    }
    return fingerprints;
  } catch (error) {
    if (error instanceof HeadwaterError && error.code === 'KEY_UNAVAILABLE') return {};
    throw error;
  }
}
