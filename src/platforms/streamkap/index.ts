import { z } from 'zod';
import type { PlatformSettings } from '../../net/platform-variables.ts';
import type { VendorHead } from '../remote/platform.ts';

const STREAMS = 'Streamkap streams changes all the time: there is nothing to start. snapshot reads tables again.';

/** Streamkap: CDC and API sources into its own Kafka. Source: its API, as of mid-2026. */
export function streamkapHead(settings: PlatformSettings['streamkap']): VendorHead {
  const { clientId, clientSecret, url } = settings;
  return {
    code: 'streamkap',
    name: 'Streamkap',
    summary: 'Change data capture, webhooks and APIs as streams in the Kafka of your Streamkap project.',
    configured:
      clientId !== undefined && clientSecret !== undefined
        ? true
        : 'Set STREAMKAP_CLIENT_ID and STREAMKAP_CLIENT_SECRET: those of an API token (Project Settings, API).',
    connectorCount: 33,
    catalog: async () => (await import('./catalog/index.ts')).STREAMKAP_CONNECTORS,
    options: () =>
      z.strictObject({
        kc_cluster_id: z
          .string()
          .min(1)
          .max(200)
          .optional()
          .describe('Kafka Connect cluster to run on; that of the project where it is left out.'),
      }),
    url,
    abilities: {
      create: true,
      update: true,
      delete: true,
      pause: true,
      stop: true,
      draft: true,
      test: true,
      remote_test: 'The API has no test of a connection: Headwater tests itself, and shows the status afterwards.',
      discover: true,
      preview: true,
      cdc_check: true,
      tags: true,
      schedule: STREAMS,
      oauth: 'A sign-in in the browser is begun at Streamkap; its grant goes into oauth_grant_id.',
    },
    actions: {
      sync: STREAMS,
      snapshot: true,
      cancel: true,
      restart: true,
      verify: 'The API has no way to verify a source.',
      reauthenticate: 'Begin the sign-in at Streamkap, and update the source with its oauth_grant_id.',
    },
    streams: true,
    notes: [
      'Tags are given by id or by name, and must be there already.',
      'Through an SSH server Streamkap goes with a key of its own: permit the one that the new source shows.',
      'A name is unique in the whole account, even where this project does not show the source that has it.',
    ],
    open: async (connect, now) => {
      const { openStreamkap } = await import('./open.ts');
      return openStreamkap(connect, { clientId, clientSecret }, now);
    },
  };
}
