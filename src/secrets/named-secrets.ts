import type { SealContext } from './envelope.ts';
import { secretFingerprint } from './fingerprint.ts';
import { Secret } from './secret.ts';
import type { Vault } from './vault.ts';

/** A secret under a name, as it is kept. */
export interface NamedSecret {
  tenant: string;
  name: string;
  /** The vault's envelope, bound to tenant, name and version. */
  sealed: string;
  version: number;
  /** Of the value: the same one under this name has the same. */
  fingerprint: string;
  /** ISO 8601. */
  createdAt: string;
  updatedAt: string;
}

/** Keeps named secrets, each write durable before it resolves. @throws HeadwaterError STORE_UNAVAILABLE */
export interface NamedSecretStore {
  find(tenant: string, name: string): Promise<NamedSecret | undefined>;
  /** By name. */
  list(tenant: string): Promise<NamedSecret[]>;
  /** `stale`: its version is not the one behind what is kept. `key_retired`: it is sealed with a key that is no longer used. */
  put(secret: NamedSecret): Promise<'kept' | 'stale' | 'key_retired'>;
  remove(tenant: string, name: string): Promise<boolean>;
  /** Ids of the sources whose configs refer to one, by its name. */
  users(tenant: string): Promise<ReadonlyMap<string, readonly string[]>>;
}

/** What is told of a named secret. */
export interface ListedSecret extends Pick<NamedSecret, 'name' | 'fingerprint' | 'createdAt' | 'updatedAt'> {
  /** Ids of the sources that refer to it. */
  usedBy: readonly string[];
}

/** @throws HeadwaterError KEY_UNAVAILABLE, STORE_UNAVAILABLE */
export interface NamedSecrets {
  /** Stores it, or another one in its place. */
  set(tenant: string, name: string, secret: Secret): Promise<{ fingerprint: string; replaced: boolean }>;
  read(tenant: string, name: string): Promise<Secret | undefined>;
  list(tenant: string): Promise<ListedSecret[]>;
  remove(tenant: string, name: string): Promise<boolean>;
}

/** As often as somebody else, or a rotation of the key, may come in between. */
const ATTEMPTS = 5;

/** Where a named secret is sealed: a place that no source can have. */
export function namedPlace(tenant: string, name: string, version: number): SealContext {
  return { tenant, sourceId: `secret ${name}`, credentialVersion: version };
}

export function createNamedSecrets(parts: { store: NamedSecretStore; vault: Vault; now: () => Date }): NamedSecrets {
  const { store, vault, now } = parts;
  return {
    async set(tenant, name, secret) {
      const fingerprint = await secretFingerprint(vault.fingerprint, secret, namedPlace(tenant, name, 0), '');
      for (let attempt = 1; ; attempt += 1) {
        const before = await store.find(tenant, name);
        const version = (before?.version ?? 0) + 1;
        const sealed = await vault.seal(secret.reveal(), namedPlace(tenant, name, version));
        const updatedAt = now().toISOString();
        const createdAt = before?.createdAt ?? updatedAt;
        const outcome = await store.put({ tenant, name, sealed, version, fingerprint, createdAt, updatedAt });
        if (outcome === 'kept') return { fingerprint, replaced: before !== undefined };
        if (attempt === ATTEMPTS) throw new Error(`a named secret could not be stored: ${outcome}`);
        if (outcome === 'key_retired') vault.forget();
      }
    },
    async read(tenant, name) {
      const found = await store.find(tenant, name);
      if (!found) return undefined;
      try {
        return await opened(vault, found);
      } catch (error) {
        // It was wrapped by another key, or replaced, between the look at it and the look at the key.
        const again = await store.find(tenant, name);
        if (again?.sealed === found.sealed) throw error;
        return again && (await opened(vault, again));
      }
    },
    async list(tenant) {
      const [found, users] = await Promise.all([store.list(tenant), store.users(tenant)]);
      return found.map(({ name, fingerprint, createdAt, updatedAt }) => ({
        name,
        fingerprint,
        createdAt,
        updatedAt,
        usedBy: users.get(name) ?? [],
      }));
    },
    remove: (tenant, name) => store.remove(tenant, name),
  };
}

async function opened(vault: Vault, { tenant, name, sealed, version }: NamedSecret): Promise<Secret> {
  return new Secret(await vault.open(sealed, namedPlace(tenant, name, version)));
}
