import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { Secret } from '../secret.ts';
import { broken } from './vault-failures.ts';

const MAX_BYTES = 8 * 1024;
/** What a header can carry. */
const TOKEN = /^[\x21-\x7e]+$/;

/** Where the operator has put the token for Vault. */
export interface TokenPlace {
  /** HEADWATER_VAULT_TOKEN. */
  token?: string | undefined;
  /** HEADWATER_VAULT_TOKEN_FILE, which serves where there is none. */
  tokenFile?: string | undefined;
}

/** The token for Vault, read at each use. @throws HeadwaterError REFERENCE_BROKEN, of the reference that needs it */
export function vaultToken({ token, tokenFile }: TokenPlace): (reference: string) => Promise<Secret> {
  return async (reference) => {
    if (token !== undefined) return new Secret(token);
    if (tokenFile === undefined) {
      const hint = 'A person must set HEADWATER_VAULT_TOKEN or HEADWATER_VAULT_TOKEN_FILE where Headwater is started.';
      throw broken(reference, 'no token for Vault is set', hint);
    }
    const text = await textOf(tokenFile).catch(() => undefined);
    if (text !== undefined && TOKEN.test(text)) return new Secret(text);
    throw broken(
      reference,
      `the file of HEADWATER_VAULT_TOKEN_FILE ${text === undefined ? 'cannot be read' : 'holds no token'}`,
      'A person must put the token into that file, alone, readable by Headwater and writable by nobody else.',
    );
  };
}

async function textOf(path: string): Promise<string | undefined> {
  // Without NONBLOCK a named pipe would hang us.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const facts = await file.stat();
    const usable = facts.isFile() && facts.size <= MAX_BYTES && (facts.mode & 0o002) === 0;
    return usable ? (await file.readFile('utf8')).trim() : undefined;
  } finally {
    await file.close();
  }
}
