import { z } from 'zod';
import type { Connector } from '../../connectors/define-connector.ts';
import type { Vault } from '../../secrets/vault.ts';
import type { Platform } from '../../sources/platform.ts';
import type { SourceRepository } from '../../sources/repository.ts';
import { createLocalSources } from './sources.ts';

const NO_ENGINE =
  'Headwater keeps and tests local sources; nothing syncs them yet, so there is nothing to start or schedule.';

export interface LocalPlatformParts {
  connectors: readonly Connector[];
  repository: SourceRepository;
  vault: Vault;
  now: () => Date;
  newId: () => string;
}

/** The embedded default: sources in the store on this machine, credentials in the vault. */
export function createLocalPlatform(parts: LocalPlatformParts): Platform {
  return {
    code: 'local',
    name: 'Local',
    summary: 'Sources kept by Headwater itself on this machine, credentials encrypted at rest.',
    configured: true,
    connectors: parts.connectors,
    options: () => OPTIONS,
    abilities: {
      create: true,
      update: true,
      delete: true,
      test: true,
      discover: true,
      preview: true,
      cdc_check: true,
      sync: NO_ENGINE,
      schedule: NO_ENGINE,
      oauth: 'No connector of this platform signs in through a browser.',
    },
    sources: createLocalSources(parts),
  };
}

const OPTIONS = z.strictObject({
  collection: z.string().trim().min(1).max(64).optional().describe('A group to put the source in.'),
});
