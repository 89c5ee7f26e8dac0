import { z } from 'zod';
import type { Secret } from '../../secrets/secret.ts';
import type { VendorHead } from '../remote/platform.ts';

const NO_PAUSE = 'Airweave pauses no source: update_source with clear /schedule keeps it from syncing by itself.';
const NOT_READ = 'Airweave shows what it has synced only to searches.';

/** Airweave: sources in collections that agents search. Everything but this head is loaded with its first use. */
export function airweaveHead({ apiKey, url }: { apiKey?: Secret; url: URL }): VendorHead {
  return {
    code: 'airweave',
    name: 'Airweave',
    summary: 'Sources in collections at Airweave, synced and made searchable for agents there.',
    configured:
      apiKey !== undefined || 'An operator must set AIRWEAVE_API_KEY; AIRWEAVE_BASE_URL for an Airweave of your own.',
    connectorCount: 52,
    url,
    options: () => OPTIONS,
    abilities: {
      create: true,
      update: true,
      delete: true,
      pause: NO_PAUSE,
      stop: NO_PAUSE,
      draft: 'Airweave tries the credentials as it creates a source, and keeps no drafts.',
      test: true,
      remote_test: 'Airweave has no test of its own: it tries the credentials when a source is created.',
      discover: NOT_READ,
      preview: NOT_READ,
      cdc_check: 'No source of Airweave reads changes of a database.',
      tags: 'Airweave has no tags.',
      schedule: true,
      oauth: true,
    },
    actions: {
      sync: true,
      snapshot: true,
      cancel: true,
      restart: 'Airweave has nothing to restart: sync begins another run.',
      verify: true,
      reauthenticate: true,
    },
    streams: false,
    notes: [
      'Names have 4 to 42 characters, descriptions at most 255.',
      'A sign-in link works once and for five minutes; run_source with action verify then begins the first sync.',
      'snapshot is a sync that reads everything again.',
    ],
    catalog: async () => (await import('./catalog/index.ts')).AIRWEAVE_CONNECTORS,
    open: async (connect) => {
      const [{ createAirweave }, { airweaveChecks }] = await Promise.all([
        import('./vendor.ts'),
        import('./checks.ts'),
      ]);
      const client = connect({ headers: apiKey ? { 'x-api-key': apiKey } : {} });
      return {
        client,
        vendor: createAirweave(client),
        ownChecks: (subject) => airweaveChecks(client, subject),
      };
    },
  };
}

const ID = /^[a-z0-9]+(-[a-z0-9]+)*$/;

const OPTIONS = z
  .strictObject({
    collection: z
      .string()
      .regex(ID, { error: 'must be a readable id: small letters, digits and single hyphens' })
      .optional()
      .describe('Readable id of the collection to put the source in. Left out, the only one there is.'),
    create_collection: z
      .string()
      .trim()
      .min(4)
      .max(64)
      .optional()
      .describe('Name of a new collection to put it in, instead.'),
    redirect_url: z
      .string()
      .max(2048)
      .regex(/^https?:\/\/[^\s/]\S*$/, { error: 'must be an http or https address' })
      .optional()
      .describe("Where a person ends up after signing in. Default: the collection's page."),
  })
  .refine(({ collection, create_collection }) => collection === undefined || create_collection === undefined, {
    path: ['create_collection'],
    error: 'cannot stand beside collection; give one of them',
  });
