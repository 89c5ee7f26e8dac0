import type { Config } from '../../connectors/config.ts';
import type { Vault } from '../../secrets/vault.ts';
import type { AuditEntry } from '../../sources/audit.ts';
import type { Principal } from '../../sources/principal.ts';
import type { SourceRecord, SourceRepository } from '../../sources/repository.ts';
import { configOf, kept, ownerOf } from '../credentials.ts';
import { keyRetired, notFound, stale } from '../failures.ts';
import { resealing } from '../resealing.ts';

/** As often as somebody may rename the source in between. */
const ATTEMPTS = 10;

/**
 * Keeps what `renewed` makes of a source's config. It is called once: what comes may be the only tokens that are good,
 * so that they are written over any other change, but not over other credentials.
 */
export async function renewCredentials(
  { repository, vault, now }: { repository: SourceRepository; vault: Vault; now: () => Date },
  { tenant }: Principal,
  id: string,
  renewed: (config: Config) => Promise<Config | undefined>,
  audit: AuditEntry,
): Promise<void> {
  const find = async () => {
    const record = await repository.find(tenant, id);
    if (!record) throw notFound(id);
    return record;
  };
  const before = await find();
  const config = await renewed(await configOf(vault, before, find));
  if (!config) return;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const current = await find();
    if (current.credentialVersion !== before.credentialVersion) return;
    const { result } = await resealing(vault, async () => {
      const owner = { ...ownerOf(current), credentialVersion: current.credentialVersion + 1 };
      const record: SourceRecord = {
        ...current,
        ...(await kept(vault, config, owner, undefined)),
        updatedAt: now().toISOString(),
        version: current.version + 1,
      };
      const result = await repository.replace(record, current.version, audit);
      return { result, retired: result === 'key_retired' };
    });
    if (result === 'replaced') return;
    if (result === 'missing') throw notFound(id);
    if (result === 'key_retired') throw keyRetired();
  }
  throw stale();
}
