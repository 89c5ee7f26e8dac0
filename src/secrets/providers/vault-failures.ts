import { HeadwaterError } from '../../errors.ts';
import type { Redactor } from '../redact.ts';
import type { VaultTarget } from './vault-path.ts';

interface Answer {
  status: number;
  body: Buffer;
  truncated: boolean;
}

/** What an answer without the secret says. Texts are Vault's own words (HTTP API, KV version 2). */
interface Said {
  status: number;
  truncated: boolean;
  /** Undefined where the body is no JSON object. */
  body: Body | undefined;
  errors: string;
}

interface Body {
  errors?: unknown;
  data?: { data?: unknown; metadata?: { deletion_time?: unknown; destroyed?: unknown } } | null;
}

interface Failure {
  when: (said: Said) => boolean;
  why: (target: VaultTarget) => string;
  hint: (target: VaultTarget) => string;
  /** The operator of Vault has not opened it. */
  denied?: true;
  retryable?: true;
}

const LATER = () => 'Try again in a moment. If it stays so, a person must look at Vault.';
const POLICY = ({ mount, path }: VaultTarget) =>
  `A person must give the token a policy with: path "${mount}/data/${path}" { capabilities = ["read"] }`;
const is =
  (...statuses: number[]) =>
  (said: Said) =>
    statuses.includes(said.status);
const metadataOf = ({ body }: Said) => body?.data?.metadata;

/** The first that fits. */
const FAILURES: readonly Failure[] = [
  {
    when: ({ status }) => status >= 300 && status < 400,
    why: () => 'Vault sends to another address, and redirects are not followed',
    hint: () => 'A person must set HEADWATER_VAULT_ADDR to the active server, or to what stands before all of them.',
  },
  {
    when: ({ status, errors }) => status === 503 && /sealed/i.test(errors),
    why: () => 'Vault is sealed',
    hint: () => 'A person must unseal it (`vault operator unseal`).',
    retryable: true,
  },
  { when: is(503), why: () => 'Vault is down for maintenance', hint: LATER, retryable: true },
  {
    when: ({ status, errors }) => status === 403 && /invalid token|bad token/i.test(errors),
    why: () => "Vault does not accept Headwater's token: it has expired, was revoked, or is of another server",
    hint: () => 'A person must put a valid token into HEADWATER_VAULT_TOKEN or HEADWATER_VAULT_TOKEN_FILE.',
  },
  { when: is(403), why: () => 'Vault denies permission', hint: POLICY, denied: true },
  {
    when: (said) => metadataOf(said)?.destroyed === true,
    why: () => 'this version was destroyed in Vault',
    hint: () => 'A person must write the secret again (`vault kv put`).',
  },
  {
    when: (said) => is(404, 200)(said) && metadataOf(said) !== undefined && said.body?.data?.data === null,
    why: () => 'this version is deleted in Vault',
    hint: () => 'A person can bring it back (`vault kv undelete`), or write the secret again (`vault kv put`).',
  },
  {
    when: ({ status, errors }) => status === 404 && /no handler for route/i.test(errors),
    why: ({ mount }) => `no secrets engine is mounted at ${mount}`,
    hint: () =>
      'A mount with slashes is set off by a colon: ${vault:team/kv:path#key}. Where Vault has namespaces, a person must set HEADWATER_VAULT_NAMESPACE.',
  },
  {
    when: is(404),
    why: ({ path, version }) => `there is no ${version === undefined ? '' : `version ${version} of a `}secret ${path}`,
    hint: ({ mount, path }) =>
      `Check the path with the person: \`vault kv get -mount=${mount} ${path}\`. The engine must be KV version 2.`,
  },
  {
    when: is(400),
    why: () => 'Vault does not take the request',
    hint: () => 'A person must check HEADWATER_VAULT_ADDR, HEADWATER_VAULT_NAMESPACE and the token.',
  },
  { when: is(429), why: () => 'Vault says that there were too many requests', hint: LATER, retryable: true },
  { when: is(412), why: () => 'this Vault server has not caught up yet', hint: LATER, retryable: true },
  {
    when: ({ status }) => status >= 400,
    why: () => 'Vault failed',
    hint: LATER,
    retryable: true,
  },
  {
    when: ({ truncated }) => truncated,
    why: () => 'the answer is larger than is read',
    hint: () => 'A person must keep the secret in a path of its own.',
  },
  {
    when: ({ body }) => body !== undefined,
    why: ({ mount }) => `what is mounted at ${mount} is not a KV engine of version 2`,
    hint: ({ mount }) => `A person can make it one: \`vault kv enable-versioning ${mount}\`.`,
  },
  {
    when: () => true,
    why: () => 'what answers is not Vault',
    hint: () => 'A person must check HEADWATER_VAULT_ADDR.',
  },
];

/** An answer that is not the secret. Vault's words go along, without the token. */
export function answerFailure(name: string, target: VaultTarget, answer: Answer, redactor: Redactor): HeadwaterError {
  const said = saidBy(answer);
  const failure = FAILURES.find(({ when }) => when(said));
  const { why = () => 'Vault failed', hint = LATER, denied, retryable = false } = failure ?? {};
  const upstream = redactor.clean(said.errors, 300);
  return new HeadwaterError(denied ? 'REFERENCE_DENIED' : 'REFERENCE_BROKEN', sentence(name, why(target)), {
    hint: hint(target),
    retryable,
    ...(upstream === '' ? {} : { upstream_message: upstream }),
  });
}

/** A secret that is there, without a usable value in the field: `problem` is what is wrong, or the value's length. */
export function valueFailure(
  name: string,
  { mount, path, key }: VaultTarget,
  problem: 'missing' | 'no text' | number,
): HeadwaterError {
  const put = `A person must write it as text: \`vault kv patch -mount=${mount} ${path} ${key}=…\`.`;
  if (problem === 'missing') return broken(name, `the secret has no field ${key}`, put);
  if (problem === 'no text') return broken(name, `the field ${key} is not text`, put);
  return broken(name, problem === 0 ? `the field ${key} is empty` : `the field ${key} is longer than 65536`, put);
}

export function broken(name: string, why: string, hint: string, retryable = false): HeadwaterError {
  return new HeadwaterError('REFERENCE_BROKEN', sentence(name, why), { hint, retryable });
}

function sentence(name: string, why: string): string {
  return `${name} cannot be read: ${why}.`;
}

function saidBy({ status, body, truncated }: Answer): Said {
  const parsed = objectIn(body);
  const errors = Array.isArray(parsed?.errors) ? parsed.errors.filter((each) => typeof each === 'string') : [];
  return { status, truncated, body: parsed, errors: errors.join('; ') };
}

function objectIn(body: Buffer): Body | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString());
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}
