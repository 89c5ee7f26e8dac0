import type { Secret } from '../../secrets/secret.ts';
import type { ProviderCode } from './providers.ts';

/** `auth` of a config whose method is `oauth2`, references resolved. */
export interface OAuthConfig {
  method: 'oauth2';
  provider: ProviderCode;
  account?: string | undefined;
  issuer?: string | undefined;
  authorize_url?: string | undefined;
  token_url?: string | undefined;
  client_id?: string | undefined;
  client_secret?: Secret | undefined;
  scopes?: string | undefined;
  access_token?: Secret | undefined;
  refresh_token?: Secret | undefined;
  /** ISO 8601. */
  expires_at?: string | undefined;
}
