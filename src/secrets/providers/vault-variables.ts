import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { parseVaultPrefix } from './vault-path.ts';

/** One word of printable ASCII: what a header can carry. */
const PRINTABLE = /^[\x21-\x7e]+$/;

/** How an operator opens Vault, besides its address: rows of the table in `settings.ts`. */
export const VAULT_VARIABLES = {
  HEADWATER_VAULT_TOKEN: {
    schema: z.string().regex(PRINTABLE, 'must be one word').optional(),
    meaning: 'Token for Vault, allowed to read the paths below and nothing else',
    standard: '',
  },
  HEADWATER_VAULT_TOKEN_FILE: {
    schema: z.string().refine(isAbsolute, 'must be an absolute path').optional(),
    meaning: 'File that holds the token, read at each use: an agent may renew it',
    standard: '',
  },
  HEADWATER_VAULT_NAMESPACE: {
    schema: z.string().regex(PRINTABLE, 'must be one word').optional(),
    meaning: 'Namespace in Vault',
    standard: '',
  },
  HEADWATER_VAULT_PATHS: {
    schema: z
      .string()
      .transform((text) => text.split(',').flatMap((part) => part.trim() || []))
      .refine(
        (paths) => paths.every(parseVaultPrefix),
        'must be paths such as secret/shop or team/kv:shop, separated by commas',
      )
      .transform((paths) => paths.flatMap((path) => parseVaultPrefix(path) ?? []))
      .default([]),
    meaning: 'What `${vault:…}` may read: `secret/shop` opens that secret and all below it, `team/kv:` a whole engine',
    standard: 'none',
  },
  HEADWATER_VAULT_CA_FILE: {
    schema: z.string().refine(isAbsolute, 'must be an absolute path').optional(),
    meaning: 'PEM file of an authority to trust for Vault besides the public ones',
    standard: '',
  },
} as const;
