/** What a sealed value is bound to: moved anywhere else, it does not open. */
export interface SealContext {
  tenant: string;
  sourceId: string;
  credentialVersion: number;
}

/** Seals credentials for storage. */
export interface Vault {
  /** @throws HeadwaterError KEY_UNAVAILABLE */
  seal(plaintext: string, context: SealContext): Promise<string>;
  /** @throws HeadwaterError KEY_UNAVAILABLE when the key is not the right one or the text was changed or moved */
  open(sealed: string, context: SealContext): Promise<string>;
}
