import type { VendorField, VendorFields } from '../../../connectors/vendor/field.ts';

/** How a source may be signed in to, in the order of the catalog. */
export type Method = 'direct' | 'oauth_browser' | 'oauth_token' | 'oauth_byoc' | 'auth_provider';
export type Ways = Readonly<Partial<Record<Method, VendorFields>>>;

/** What a source offers beside its own credentials. */
export interface Offers {
  /** The keys and passwords it is given directly; absent where it takes none. */
  direct?: VendorFields;
  /**
   * `app`: Airweave's own application, or one of the caller's. `own_app`: the caller's alone. `oauth1`: either, with a
   * consumer key and no ready-made token.
   */
  oauth?: 'app' | 'own_app' | 'own_app_only' | 'oauth1';
  /** Services that hold credentials and hand them to Airweave. */
  providers?: readonly Provider[];
}

export type Provider = 'composio' | 'pipedream' | 'custom';

/** What `provider_config` must and may hold, by service. A custom one takes nothing. */
export const PROVIDER_CONFIG = {
  composio: { required: ['auth_config_id', 'account_id'], optional: [] },
  pipedream: { required: ['project_id', 'account_id', 'external_user_id'], optional: ['environment'] },
  custom: { required: [], optional: [] },
} as const satisfies Record<Provider, { required: readonly string[]; optional: readonly string[] }>;

const REDIRECT: VendorField = {
  type: 'string',
  title: 'Redirect URI',
  description: 'Airweave takes it and makes no use of it: options.redirect_url says where people end up.',
};

const BROWSER: VendorFields = { redirect_uri: REDIRECT };

const TOKEN: VendorFields = {
  access_token: {
    type: 'string',
    title: 'Access token',
    description: 'An OAuth access token that was issued already.',
    required: true,
    secret: true,
  },
  refresh_token: {
    type: 'string',
    title: 'Refresh token',
    description: 'Airweave takes it and does not keep it: once the access token ends, so does the access.',
    secret: true,
  },
  expires_at: {
    type: 'string',
    title: 'Expiry',
    description: 'When the access token ends: ISO 8601, in the future, with its offset.',
    pattern: {
      is: /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/,
      says: 'must be a time such as 2027-01-31T09:00:00Z, with Z or an offset',
    },
  },
};

const OWN_APP: VendorFields = {
  client_id: { type: 'string', title: 'Client ID', description: 'Of your own OAuth application.', required: true },
  client_secret: {
    type: 'string',
    title: 'Client secret',
    description: 'Of your own OAuth application.',
    required: true,
    secret: true,
  },
  redirect_uri: REDIRECT,
};

const OWN_APP_OAUTH1: VendorFields = {
  consumer_key: {
    type: 'string',
    title: 'Consumer key',
    description: 'Of your own OAuth 1 application.',
    required: true,
  },
  consumer_secret: {
    type: 'string',
    title: 'Consumer secret',
    description: 'Of your own OAuth 1 application.',
    required: true,
    secret: true,
  },
  redirect_uri: REDIRECT,
};

/** @returns the ways as `auth` of a connector has them, by method */
export function waysOf({ direct, oauth, providers = [] }: Offers): Ways {
  return {
    ...(direct ? { direct } : {}),
    ...(oauth === 'app' || oauth === 'oauth1' ? { oauth_browser: BROWSER } : {}),
    ...(oauth === 'app' || oauth === 'own_app' ? { oauth_token: TOKEN } : {}),
    ...(oauth ? { oauth_byoc: oauth === 'oauth1' ? OWN_APP_OAUTH1 : OWN_APP } : {}),
    ...(providers.length > 0 ? { auth_provider: providerFields(providers) } : {}),
  };
}

function providerFields(providers: readonly Provider[]): VendorFields {
  const keys = providers.flatMap((provider) => {
    const { required } = PROVIDER_CONFIG[provider];
    return required.length > 0 ? [`${provider}: ${required.join(', ')}`] : [];
  });
  return {
    provider_readable_id: {
      type: 'string',
      title: 'Auth provider',
      description: `Readable id of an auth provider set up at Airweave: ${providers.join(', ')}.`,
      required: true,
    },
    provider_config: {
      type: 'object',
      title: 'Provider settings',
      description: `Which account there. ${keys.join('; ')}.`,
    },
  };
}
