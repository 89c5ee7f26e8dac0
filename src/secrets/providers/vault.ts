import { createRedactor } from '../redact.ts';
import { Secret } from '../secret.ts';
import { denied, type ReadSecret, type SchemeFacts } from './provider.ts';
import { answerFailure, broken, valueFailure } from './vault-failures.ts';
import { isOpened, parseVaultTarget, type VaultPrefix, type VaultTarget } from './vault-path.ts';
import { noAnswer } from './vault-server.ts';

/** HashiCorp Vault, or OpenBao: KV secrets engine, version 2. */
export const VAULT: SchemeFacts = {
  form: '${vault:mount/path#key}',
  reads:
    'A field of a secret in HashiCorp Vault (KV version 2): the newest, or `mount/path@3#key`; a mount with slashes is set off by a colon: `team/kv:path#key`',
  opened: '`HEADWATER_VAULT_ADDR` and paths in `HEADWATER_VAULT_PATHS`',
  isTarget: (target) => parseVaultTarget(target) !== undefined,
};

export interface VaultAnswer {
  status: number;
  body: Buffer;
  /** The answer was longer than is read. */
  truncated: boolean;
}

/** Asks the server that the operator has set, and no other. @throws an error with the `reason` that there is no answer */
export type AskVault = (path: string, headers: Readonly<Record<string, string | Secret>>) => Promise<VaultAnswer>;

export interface VaultPolicy {
  /** Absent where the operator has set no server. */
  ask?: AskVault;
  /** What may be read; nothing where it is empty. */
  prefixes: readonly VaultPrefix[];
  /** Asked for at each use, since an agent may renew it. @throws HeadwaterError REFERENCE_BROKEN, of the reference */
  token: (reference: string) => Promise<Secret>;
  namespace?: string;
  now: () => Date;
}

/** As long as a secret that was changed in Vault may stay in use. */
const KEPT_MS = 60_000;
const MOST_KEPT = 200;
const LONGEST = 64 * 1024;

/** The fields of one version of a secret; what is no text has no value. */
type Fields = ReadonlyMap<string, Secret | undefined>;

export function vaultReader({ ask, prefixes, token, namespace, now }: VaultPolicy): ReadSecret {
  const kept = new Map<string, { until: number; fields: Fields }>();

  const fieldsOf = async (name: string, target: VaultTarget, reach: AskVault): Promise<Fields> => {
    const path = `/v1/${target.mount}/data/${target.path}${target.version === undefined ? '' : `?version=${target.version}`}`;
    const known = kept.get(path);
    if (known && known.until > now().getTime()) return known.fields;
    kept.delete(path);
    const credential = await token(name);
    const asked = reach(path, {
      accept: 'application/json',
      'x-vault-token': credential,
      // Vault's guard against being asked by way of somebody else's server.
      'x-vault-request': 'true',
      ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
    });
    const answer = await asked.catch((error: unknown) => {
      throw noAnswer(name, error);
    });
    const data = dataOf(answer);
    if (data === undefined) throw answerFailure(name, target, answer, createRedactor([credential]));
    const fields = new Map(
      Object.entries(data).map(([key, value]) => [key, typeof value === 'string' ? new Secret(value) : undefined]),
    );
    const [oldest] = kept.keys();
    if (kept.size >= MOST_KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(path, { until: now().getTime() + KEPT_MS, fields });
    return fields;
  };

  return async (text) => {
    const name = `\${vault:${text}}`;
    const target = parseVaultTarget(text);
    if (!target || !isOpened(target, prefixes)) throw denied(name, howToOpen(prefixes));
    if (!ask) {
      throw broken(
        name,
        'no Vault server is set',
        'A person must set HEADWATER_VAULT_ADDR where Headwater is started.',
      );
    }
    const fields = await fieldsOf(name, target, ask);
    const secret = fields.get(target.key);
    const length = secret?.reveal().length ?? 0;
    if (secret && length > 0 && length <= LONGEST) return secret;
    throw valueFailure(name, target, fields.has(target.key) ? (secret ? length : 'no text') : 'missing');
  };
}

function howToOpen(prefixes: readonly VaultPrefix[]): string {
  const open = prefixes.map(({ mount, path }) => (mount.includes('/') ? `${mount}:${path}` : `${mount}/${path}`));
  return `Only secrets below ${open.join(', ') || 'no path'} may be read. An operator can open more with HEADWATER_VAULT_PATHS, such as secret/shop.`;
}

/** What the version holds; nothing of any other answer. */
function dataOf({ status, body, truncated }: VaultAnswer): Record<string, unknown> | undefined {
  if (status !== 200 || truncated) return undefined;
  try {
    const { data } = JSON.parse(body.toString()) as { data?: { data?: unknown } };
    const fields = data?.data;
    return typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? { ...fields } : undefined;
  } catch {
    return undefined;
  }
}
