import { z } from 'zod';
import type { PlatformSettings } from '../../net/platform-variables.ts';
import type { VendorHead } from '../remote/platform.ts';

const NO_RUNS = 'Its pipelines read through connectors and run by themselves; they are made and started there.';
const NO_STATES = 'A connector there is neither on nor off: pipelines use it or do not.';

/** KaireonAI: connectors of its data module. Nothing of its catalog or client is loaded before its first use. */
export function kaireonHead({ apiKey, tenantId, url }: PlatformSettings['kaireon']): VendorHead {
  return {
    code: 'kaireon',
    name: 'KaireonAI',
    summary: 'Connectors of a KaireonAI tenant, which its pipelines read through.',
    configured: apiKey ? true : 'Set KAIREON_API_KEY to an API key, and KAIREON_TENANT_ID to the tenant it belongs to.',
    connectorCount: 23,
    streams: false,
    options: () => OPTIONS,
    catalog: async () => (await import('./catalog/index.ts')).CONNECTORS,
    url: withVersion(url),
    abilities: {
      create: true,
      update: true,
      delete: true,
      pause: NO_STATES,
      stop: NO_STATES,
      draft: `${NO_STATES} With run_test false it is saved untested.`,
      test: true,
      remote_test: true,
      discover: true,
      preview: true,
      cdc_check: true,
      tags: 'Its connectors have no tags.',
      schedule: NO_RUNS,
      oauth: 'Its API takes credentials only; a connector that signs in through a browser is made in its own pages.',
    },
    actions: {
      sync: NO_RUNS,
      snapshot: NO_RUNS,
      cancel: NO_RUNS,
      restart: NO_RUNS,
      verify: true,
      reauthenticate: 'Give new credentials with update_source: its API has no browser login.',
    },
    notes: [
      'Connectors are made by the 23 ids that KaireonAI publishes. Of its other registered types only names are known ' +
        '(CSV File Upload, Slack, Microsoft Teams, WhatsApp Business, PagerDuty, Twilio SMS, SendGrid, Postmark, ' +
        'Intercom, Zendesk, Iterable, Klaviyo), and they cannot be created from here.',
      'What its form asks for beyond the published fields goes into options.extra_config under the keys of the form.',
      'Whoever may read connectors there sees config in clear; credentials belong into auth, which is never shown.',
      'A changed credential replaces all of them there: give the whole set. auth: {} removes them.',
    ],
    open: async (connect) => {
      const { openKaireon } = await import('./open.ts');
      return openKaireon({ apiKey, tenantId }, connect);
    },
  };
}

/** The path of its API, where an operator gave the host alone. */
function withVersion(url: URL): URL {
  return url.pathname === '/' ? new URL('/api/v1', url) : url;
}

const OPTIONS = z.strictObject({
  extra_config: z
    .record(z.string().min(1).max(100), z.unknown())
    .optional()
    .describe("Further settings under KaireonAI's own keys, sent in its config as they stand. No secrets."),
});
