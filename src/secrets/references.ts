import { HeadwaterError } from '../errors.ts';
import { CREDENTIAL } from './providers/credential.ts';
import { ENV } from './providers/env.ts';
import { FILE } from './providers/file.ts';
import type { ReadSecret, SchemeFacts } from './providers/provider.ts';
import { VAULT } from './providers/vault.ts';
import type { Secret } from './secret.ts';

/** Every scheme that references may have. Whatever speaks of schemes takes them from here. */
export const SCHEMES = { env: ENV, file: FILE, vault: VAULT, credential: CREDENTIAL } as const satisfies Record<
  string,
  SchemeFacts
>;
export type Scheme = keyof typeof SCHEMES;

/**
 * What is kept where Headwater cannot read it: `worker` is read by a Kafka Connect worker itself, as its own
 * `${provider:path:key}`; `platform` is a secret that its platform holds, and is never written by a caller.
 */
const ELSEWHERE = ['worker', 'platform'] as const;
const WORKER_TARGET = /^[A-Za-z0-9_.-]+:(?:[^:{}$]*:)?[^:{}$]+$/;

/** A pointer to a secret that is resolved at use, never at create. */
export interface Reference {
  scheme: Scheme | (typeof ELSEWHERE)[number];
  target: string;
}

/** Whether it names a hand-over of credentials: `request_credentials` gives these out. */
export function isSessionId(text: string): boolean {
  return /^cs_[0-9a-hjkmnp-tv-z]{26}$/.test(text);
}

/** The secret of a source whose platform holds it and does not give it out. */
export const HELD_BY_PLATFORM: Reference = { scheme: 'platform', target: '' };

/** Whether it can only be read somewhere else. */
export function isElsewhere({ scheme }: Reference): boolean {
  return (ELSEWHERE as readonly string[]).includes(scheme);
}

/** How each scheme says where its secrets are, by the operator's settings. */
export type Providers = Readonly<Record<Scheme, ReadSecret>>;

const SHAPE = /^\$\{([A-Za-z_]+):([\s\S]*)\}$/;
const NAMES = [...Object.keys(SCHEMES), 'worker'].join('|');

/** The beginning of a reference, anywhere in a text. */
export const REFERENCE_START = new RegExp(`\\$\\{(?:${NAMES}):`);
/** A whole reference, anywhere in a text. */
export const REFERENCE_INSIDE = new RegExp(`\\$\\{(?:${NAMES}):[^}]*\\}`);

const FORMS = Object.values(SCHEMES).map(({ form }) => form);
/** All forms of references, for sentences: `${env:NAME}, … or ${file:/path}`. */
export const REFERENCE_FORMS = `${FORMS.slice(0, -1).join(', ')} or ${FORMS.at(-1)}`;

/** Whether a secret is the text of a reference: that of an example, since what is used is resolved. */
export function isReferenceText(secret: Secret): boolean {
  return SHAPE.test(secret.reveal());
}

/** `env:NAME`, `file:/path`: how a reference is shown. */
export function describeReference(reference: Reference): string {
  return reference.scheme === 'platform' ? reference.scheme : `${reference.scheme}:${reference.target}`;
}

/**
 * Reads a field's text as a reference; `undefined` when it is an ordinary literal.
 * @throws HeadwaterError INVALID_CONFIG for something that looks like a reference but is not one.
 */
export function parseReference(text: string): Reference | undefined {
  const [whole, name = '', target = ''] = SHAPE.exec(text) ?? [];
  if (whole === undefined) return undefined;
  if (name === 'credential' && isSessionId(target)) return { scheme: 'credential', target };
  if (name === 'worker') {
    if (WORKER_TARGET.test(target)) return { scheme: 'worker', target };
    throw malformed('those of a Kafka Connect worker are written ${worker:provider:path:key}');
  }
  if (!isScheme(name)) throw malformed(`references are ${REFERENCE_FORMS}`);
  const { form, isTarget } = SCHEMES[name];
  if (!isTarget(target)) throw malformed(`those of this kind are written ${form}`);
  return { scheme: name, target };
}

/** What `describeReference` has made of one; undefined for anything else. */
export function shownReference(text: string): Reference | undefined {
  return text === HELD_BY_PLATFORM.scheme ? HELD_BY_PLATFORM : parseReference(`\${${text}}`);
}

/**
 * Reads the secret a reference points at, for somebody of `tenant`.
 * @throws HeadwaterError REFERENCE_DENIED where the operator has not opened it, REFERENCE_BROKEN where nothing is there.
 */
export async function resolveReference(reference: Reference, providers: Providers, tenant: string): Promise<Secret> {
  const { scheme, target } = reference;
  if (!isScheme(scheme)) throw unreadable(reference);
  try {
    return await providers[scheme](target, tenant);
  } catch (error) {
    if (error instanceof HeadwaterError) throw error;
    throw new HeadwaterError('REFERENCE_BROKEN', `\${${scheme}:${target}} cannot be read.`, {
      hint: 'Reading it failed in a way that is not foreseen. Please report it.',
      cause: error,
    });
  }
}

function unreadable(reference: Reference): HeadwaterError {
  const where = reference.scheme === 'worker' ? 'a Kafka Connect worker' : 'the platform of its source';
  return new HeadwaterError('REFERENCE_BROKEN', `This secret is held by ${where}; Headwater cannot read it.`, {
    hint: 'Give the secret, or a reference to it, where Headwater itself is to use it.',
  });
}

function isScheme(name: string): name is Scheme {
  return Object.hasOwn(SCHEMES, name);
}

function malformed(what: string): HeadwaterError {
  return new HeadwaterError('INVALID_CONFIG', `Not a usable reference: ${what}.`);
}
