import type { Vault } from '../secrets/vault.ts';
import type { Opener } from './credential-form.ts';
import type { CredentialSession } from './credential-sessions.ts';

/** Where a provider sends people back to, below what people see this server at. */
export const CALLBACK_PATH = '/credentials/callback';

/** What a sign-in in progress has to remember until the provider sends the person back. */
export interface BegunSignIn {
  nonce: string;
  opener: Opener;
  values: Readonly<Record<string, string>>;
  /** Of PKCE. */
  verifier: string;
  redirectUri: string;
  /** SHA-256, hex, of what went to the provider and must come back. */
  state: string;
  /** SHA-256, hex, of the cookie of the browser that began. */
  token: string;
}

/** Sealed apart from the session's secrets: neither opens in the place of the other. */
function contextOf({ tenant, id }: Pick<CredentialSession, 'tenant' | 'id'>) {
  return { tenant, sourceId: `${id}/sign-in`, credentialVersion: 1 };
}

export async function sealBegun(vault: Pick<Vault, 'seal'>, session: CredentialSession, begun: BegunSignIn) {
  return await vault.seal(JSON.stringify(begun), contextOf(session));
}

/** @throws HeadwaterError KEY_UNAVAILABLE */
export async function openBegun(vault: Pick<Vault, 'open'>, session: CredentialSession, sealed: string) {
  return JSON.parse(await vault.open(sealed, contextOf(session))) as BegunSignIn;
}
