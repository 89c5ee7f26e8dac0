/** An OAuth provider, as data. */
export interface OAuthProvider {
  name: string;
  /** `{account}` stands for whose it is, where every customer has an address of their own. */
  authorizeUrl: string;
  tokenUrl: string;
  account?: {
    title: string;
    example: string;
    /** Of the whole value, which becomes a part of a host name or a path: nothing that leads anywhere else. */
    pattern: RegExp;
    standard?: string;
  };
  /** What stands between scopes. */
  scopeSeparator: ' ' | ',';
  /** Asked for besides those that the person names, so that there is a refresh token. */
  offlineScope?: string;
  /** Further parameters of the address where people sign in. */
  extra?: Readonly<Record<string, string>>;
  /** How a client proves itself at the token endpoint: in a header (RFC 6749 §2.3.1) or in the body. */
  clientAuth: 'basic' | 'body';
  /** The token endpoint's own language; RFC 6749 knows forms only. */
  encoding: 'form' | 'json';
  /**
   * What comes of a refresh token that was used: `kept`, it can be used again; `rotates`, it is replaced and void from
   * then on; `none`, there are none, and tokens stay valid until somebody revokes them.
   */
  refresh: 'kept' | 'rotates' | 'none';
  docsUrl: string;
}

/**
 * The providers that need no addresses from anybody, from their public documentation as of 2026. PKCE is sent to all of
 * them: those that do not know it pass over it (RFC 6749 §3.1).
 *
 * Read and not tried, since it takes an account of each: all of them. Least certain: that Stripe, Shopify and HubSpot
 * ignore PKCE; that Notion's and Slack's newer refresh tokens are replaced with each use, which is assumed, because to
 * keep one that is replaced is right either way; that Salesforce does not rotate, which an administrator can turn on (a
 * new token is kept then as well). Shopify's `hmac` of the callback is not checked: the state and the exchange, over TLS
 * with the shop itself, prove as much.
 */
const KNOWN = {
  google: {
    name: 'Google',
    authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
    tokenUrl: 'https://oauth2.googleapis.com/token',
    scopeSeparator: ' ',
    // Without a prompt for consent a second sign-in gives no refresh token.
    extra: { access_type: 'offline', prompt: 'consent' },
    clientAuth: 'body',
    encoding: 'form',
    refresh: 'kept',
    docsUrl: 'https://developers.google.com/identity/protocols/oauth2/web-server',
  },
  github: {
    name: 'GitHub',
    authorizeUrl: 'https://github.com/login/oauth/authorize',
    tokenUrl: 'https://github.com/login/oauth/access_token',
    scopeSeparator: ' ',
    clientAuth: 'body',
    encoding: 'form',
    // Of GitHub Apps with tokens that expire; those of OAuth Apps never do.
    refresh: 'rotates',
    docsUrl: 'https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps',
  },
  slack: {
    name: 'Slack',
    authorizeUrl: 'https://slack.com/oauth/v2/authorize',
    tokenUrl: 'https://slack.com/api/oauth.v2.access',
    scopeSeparator: ',',
    clientAuth: 'basic',
    encoding: 'form',
    refresh: 'rotates',
    docsUrl: 'https://docs.slack.dev/authentication/installing-with-oauth',
  },
  hubspot: {
    name: 'HubSpot',
    authorizeUrl: 'https://app.hubspot.com/oauth/authorize',
    tokenUrl: 'https://api.hubapi.com/oauth/v1/token',
    scopeSeparator: ' ',
    clientAuth: 'body',
    encoding: 'form',
    refresh: 'kept',
    docsUrl: 'https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/oauth',
  },
  salesforce: {
    name: 'Salesforce',
    authorizeUrl: 'https://{account}.salesforce.com/services/oauth2/authorize',
    tokenUrl: 'https://{account}.salesforce.com/services/oauth2/token',
    account: {
      title: 'what stands before .salesforce.com',
      example: 'acme.my',
      pattern: /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.(?:sandbox\.)?my|\.my\.develop)?$/,
      standard: 'login',
    },
    scopeSeparator: ' ',
    offlineScope: 'refresh_token',
    clientAuth: 'body',
    encoding: 'form',
    refresh: 'kept',
    docsUrl: 'https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_web_server_flow.htm',
  },
  notion: {
    name: 'Notion',
    authorizeUrl: 'https://api.notion.com/v1/oauth/authorize',
    tokenUrl: 'https://api.notion.com/v1/oauth/token',
    scopeSeparator: ' ',
    extra: { owner: 'user' },
    clientAuth: 'basic',
    encoding: 'json',
    refresh: 'rotates',
    docsUrl: 'https://developers.notion.com/docs/authorization',
  },
  atlassian: {
    name: 'Atlassian',
    authorizeUrl: 'https://auth.atlassian.com/authorize',
    tokenUrl: 'https://auth.atlassian.com/oauth/token',
    scopeSeparator: ' ',
    offlineScope: 'offline_access',
    extra: { audience: 'api.atlassian.com', prompt: 'consent' },
    clientAuth: 'body',
    encoding: 'json',
    refresh: 'rotates',
    docsUrl: 'https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/',
  },
  microsoft: {
    name: 'Microsoft',
    authorizeUrl: 'https://login.microsoftonline.com/{account}/oauth2/v2.0/authorize',
    tokenUrl: 'https://login.microsoftonline.com/{account}/oauth2/v2.0/token',
    account: {
      title: 'the tenant: its id or domain, or organizations, consumers, common',
      example: 'contoso.onmicrosoft.com',
      pattern: /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i,
      standard: 'common',
    },
    scopeSeparator: ' ',
    offlineScope: 'offline_access',
    clientAuth: 'body',
    encoding: 'form',
    refresh: 'kept',
    docsUrl: 'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow',
  },
  shopify: {
    name: 'Shopify',
    authorizeUrl: 'https://{account}.myshopify.com/admin/oauth/authorize',
    tokenUrl: 'https://{account}.myshopify.com/admin/oauth/access_token',
    account: {
      title: 'what stands before .myshopify.com',
      example: 'acme-store',
      pattern: /^[a-z0-9][a-z0-9-]{0,98}$/i,
    },
    scopeSeparator: ',',
    clientAuth: 'body',
    encoding: 'form',
    refresh: 'rotates',
    docsUrl: 'https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant',
  },
  stripe: {
    name: 'Stripe',
    authorizeUrl: 'https://connect.stripe.com/oauth/authorize',
    tokenUrl: 'https://connect.stripe.com/oauth/token',
    scopeSeparator: ' ',
    clientAuth: 'body',
    encoding: 'form',
    refresh: 'kept',
    docsUrl: 'https://docs.stripe.com/connect/oauth-reference',
  },
} as const satisfies Record<string, OAuthProvider>;

/** Any other: its addresses come with the config, and it is taken to do as RFC 9700 advises. */
export const CUSTOM = 'custom';

export const PROVIDER_CODES = [...(Object.keys(KNOWN) as (keyof typeof KNOWN)[]), CUSTOM] as const;
export type ProviderCode = (typeof PROVIDER_CODES)[number];

/** What is known of a provider; nothing of a custom one. */
export function knownProvider(code: ProviderCode): OAuthProvider | undefined {
  return code === CUSTOM ? undefined : KNOWN[code];
}
