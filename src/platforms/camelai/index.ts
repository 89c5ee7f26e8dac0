import { z } from 'zod';
import type { PlatformSettings } from '../../net/platform-variables.ts';
import type { VendorHead } from '../remote/platform.ts';

const NO_RUNS = 'camelAI asks a source when somebody asks a question of it; nothing syncs.';
const NO_STATES = 'A source there is neither on nor off.';

/** camelAI: connections of its API. Nothing of its catalog or client is loaded before its first use. */
export function camelaiHead({ apiKey, url }: PlatformSettings['camelai']): VendorHead {
  return {
    code: 'camelai',
    name: 'camelAI',
    summary: 'Sources of a camelAI account, which its agents ask questions of.',
    configured: apiKey ? true : 'Set CAMELAI_API_KEY to an API key of the account.',
    connectorCount: 12,
    streams: false,
    options: () => z.strictObject({}),
    catalog: async () => (await import('./catalog/index.ts')).CONNECTORS,
    url: withoutVersion(url),
    abilities: {
      create: true,
      update: true,
      delete: true,
      pause: NO_STATES,
      stop: NO_STATES,
      draft: `${NO_STATES} With run_test false it is saved untested.`,
      test: true,
      remote_test: 'Its API has no test of a connection; is_fully_configured is all that it says.',
      discover: true,
      preview: true,
      cdc_check: true,
      tags: 'Its sources have no tags.',
      schedule: NO_RUNS,
      oauth: 'Its API takes credentials only.',
    },
    actions: {
      sync: NO_RUNS,
      snapshot: NO_RUNS,
      cancel: NO_RUNS,
      restart: NO_RUNS,
      verify: 'Its API has no test of a connection; test_connection tests from here.',
      reauthenticate: 'Give new credentials with update_source: its API has no browser login.',
    },
    notes: [
      'Its API never shows a config: what was sent from here is shown, and nothing of sources that were made elsewhere.',
      'warehouse, selected_datasets, base_url, access_token, selected_tools and file_urls cannot be changed there: a ' +
        'source with others is made anew.',
      'A deleted source is marked as deleted there, not erased.',
      'Its makers call this API legacy and develop it no further.',
    ],
    open: async (connect) => {
      const { openCamel } = await import('./open.ts');
      return openCamel(apiKey, connect);
    },
  };
}

/** Its paths begin with the version themselves. */
function withoutVersion(url: URL): URL {
  const bare = url.pathname.replace(/\/api\/v1\/?$/, '');
  return bare === url.pathname ? url : new URL(bare === '' ? '/' : bare, url);
}
