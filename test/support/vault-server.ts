import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ApiServer, json, startApi } from './api-server.ts';
import type { Certificate } from './certificates.ts';

/** One version of a secret. */
interface Version {
  data: Record<string, unknown>;
  deletion_time?: string;
  destroyed?: boolean;
}

export interface VaultServer {
  url: string;
  token: string;
  requests: ApiServer['requests'];
  /** Writes a version of a secret into a KV engine of version 2, mounted where it is missing. */
  put(mount: string, path: string, data: Record<string, unknown>): void;
  /** Deletes the newest version; `destroy` for good. */
  remove(mount: string, path: string, destroy?: boolean): void;
  /** Answers this in place of everything else. */
  answer(how: Answer | undefined): void;
  stop(): Promise<void>;
}

export type Answer = (response: ServerResponse) => void;

export interface VaultOptions {
  namespace?: string;
  /** Paths that the token's policy lets it read; all without. */
  policy?: readonly string[];
  certificate?: Certificate;
}

/** What Vault says, word for word. */
export const REFUSALS = {
  sealed: (response: ServerResponse) => json(response, 503, { errors: ['Vault is sealed'] }),
  maintenance: (response: ServerResponse) => json(response, 503, { errors: [] }),
  /** A standby server that does not forward. */
  standby: (response: ServerResponse) => {
    response.writeHead(307, { location: 'https://active.vault.example.com:8200/v1/secret/data/shop' }).end();
  },
  tooMany: (response: ServerResponse) =>
    json(response, 429, { errors: ['request path "secret/data/shop": rate limit quota exceeded'] }),
  behind: (response: ServerResponse) => json(response, 412, { errors: ['required index state not present'] }),
  broken: (response: ServerResponse) => json(response, 500, { errors: ['1 error occurred:\n\t* internal error\n\n'] }),
} satisfies Record<string, Answer>;

/**
 * HashiCorp Vault's KV secrets engine, version 2, as its API documentation has it
 * (developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2, "Read secret version"), with its failures.
 */
export async function startVault({ namespace, policy, certificate }: VaultOptions = {}): Promise<VaultServer> {
  const token = `hvs.CANARY-${Math.random().toString(36).slice(2)}`;
  const engines = new Map<string, Map<string, Version[]>>();
  let instead: Answer | undefined;

  const refusal = ({ headers }: IncomingMessage, path: string, mount: string | undefined) => {
    if (headers['x-vault-request'] !== 'true') return [412, "missing 'X-Vault-Request' header"] as const;
    if (headers['x-vault-token'] === undefined) return [400, 'missing client token'] as const;
    const known = headers['x-vault-namespace'] === namespace && headers['x-vault-token'] === token;
    if (!known) return [403, DENIED_TOKEN] as const;
    if (policy && !policy.includes(path)) return [403, DENIED] as const;
    return mount === undefined ? ([404, `no handler for route "${path}". route entry not found.`] as const) : undefined;
  };

  const server = await startApi((request, response) => {
    if (instead) return instead(response);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://vault');
    const path = pathname.replace('/v1/', '');
    const mount = [...engines.keys()].find((each) => path.startsWith(`${each}/`));
    const [status, error] = refusal(request, path, mount) ?? [];
    if (status !== undefined) return json(response, status, { errors: [error] });
    const versions = engines.get(mount ?? '')?.get(path.slice(`${mount}/data/`.length)) ?? [];
    const number = Number(searchParams.get('version') ?? 0) || versions.length;
    const version = versions[number - 1];
    if (request.method !== 'GET' || version === undefined) return json(response, 404, { errors: [] });
    const { data, deletion_time = '', destroyed = false } = version;
    const gone = deletion_time !== '' || destroyed;
    const metadata = { created_time: '2026-11-20T08:00:00.0Z', custom_metadata: null, deletion_time, destroyed };
    json(response, gone ? 404 : 200, {
      request_id: '9e2b3c1a-0000-4000-8000-000000000000',
      lease_id: '',
      renewable: false,
      lease_duration: 0,
      data: { data: gone ? null : data, metadata: { ...metadata, version: number } },
      wrap_info: null,
      warnings: null,
      auth: null,
    });
  }, certificate);

  return {
    url: server.url,
    token,
    requests: server.requests,
    put(mount, path, data) {
      const engine = engines.get(mount) ?? new Map<string, Version[]>();
      engine.set(path, [...(engine.get(path) ?? []), { data }]);
      engines.set(mount, engine);
    },
    remove(mount, path, destroy = false) {
      const newest = engines.get(mount)?.get(path)?.at(-1);
      if (newest) Object.assign(newest, destroy ? { destroyed: true } : { deletion_time: '2026-11-20T09:00:00.0Z' });
    },
    answer(how) {
      instead = how;
    },
    stop: server.stop,
  };
}

const DENIED = '1 error occurred:\n\t* permission denied\n\n';
const DENIED_TOKEN = '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n';
