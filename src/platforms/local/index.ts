import { z } from 'zod';
import type { Platform } from '../../sources/platform.ts';
import { createLocalSources, type LocalPlatformParts } from './sources.ts';

const NO_ENGINE =
  'Headwater keeps and tests local sources; nothing syncs them yet, so there is nothing to start or schedule.';

const NO_AUTH_PROVIDERS =
  'Auth providers (Composio, Pipedream) mean nothing here: they hold tokens for platforms that sync, and nothing syncs local sources. People sign in at the OAuth provider itself, or a token is given by reference.';

/** The embedded default: sources in the store on this machine, credentials in the vault. */
export function createLocalPlatform({ notes, ...parts }: LocalPlatformParts & Pick<Platform, 'notes'>): Platform {
  return {
    code: 'local',
    name: 'Local',
    summary: 'Sources kept by Headwater itself on this machine, credentials encrypted at rest.',
    configured: true,
    streams: false,
    connectors: async () => parts.connectors,
    connectorCount: parts.connectors.length,
    options: () => OPTIONS,
    abilities: {
      create: true,
      update: true,
      delete: true,
      pause: true,
      stop: true,
      draft: true,
      test: true,
      remote_test: 'Headwater itself is the platform: its own test is all there is.',
      discover: true,
      preview: true,
      cdc_check: true,
      tags: true,
      schedule: NO_ENGINE,
      oauth: true,
    },
    actions: {
      sync: NO_ENGINE,
      snapshot: NO_ENGINE,
      cancel: NO_ENGINE,
      restart: NO_ENGINE,
      verify: 'A sign-in is tested as it is made; test_connection tests it again.',
      reauthenticate: 'Call request_credentials with the source_id: a person signs in again on the page that it gives.',
    },
    notes: [...(notes ?? []), NO_AUTH_PROVIDERS],
    sources: createLocalSources(parts),
  };
}

const OPTIONS = z.strictObject({
  collection: z.string().trim().min(1).max(64).optional().describe('A group to put the source in.'),
});
