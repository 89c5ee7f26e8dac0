import { HeadwaterError } from '../errors.ts';
import { ENV } from './providers/env.ts';
import { FILE } from './providers/file.ts';
import type { ReadSecret, SchemeFacts } from './providers/provider.ts';
import { VAULT } from './providers/vault.ts';
import type { Secret } from './secret.ts';

/** Every scheme that references may have. Whatever speaks of schemes takes them from here. */
export const SCHEMES = { env: ENV, file: FILE, vault: VAULT } as const satisfies Record<string, SchemeFacts>;
export type Scheme = keyof typeof SCHEMES;

/** Names that have a meaning already, though nothing can be read by them here. */
const RESERVED = ['credential', 'worker'];

/** A pointer to a secret that is resolved at use, never at create. */
export interface Reference {
  scheme: Scheme;
  target: string;
}

/** How each scheme says where its secrets are, by the operator's settings. */
export type Providers = Readonly<Record<Scheme, ReadSecret>>;

const SHAPE = /^\$\{([A-Za-z_]+):([\s\S]*)\}$/;
const NAMES = [...Object.keys(SCHEMES), ...RESERVED].join('|');

/** The beginning of a reference, anywhere in a text. */
export const REFERENCE_START = new RegExp(`\\$\\{(?:${NAMES}):`);
/** A whole reference, anywhere in a text. */
export const REFERENCE_INSIDE = new RegExp(`\\$\\{(?:${NAMES}):[^}]*\\}`);

const FORMS = Object.values(SCHEMES).map(({ form }) => form);
/** All forms of references, for sentences: `${env:NAME}, … or ${file:/path}`. */
export const REFERENCE_FORMS = `${FORMS.slice(0, -1).join(', ')} or ${FORMS.at(-1)}`;

/** `env:NAME`, `file:/path`: how a reference is shown. */
export function describeReference(reference: Reference): string {
  return `${reference.scheme}:${reference.target}`;
}

/**
 * Reads a field's text as a reference; `undefined` when it is an ordinary literal.
 * @throws HeadwaterError INVALID_CONFIG for something that looks like a reference but is not one.
 */
export function parseReference(text: string): Reference | undefined {
  const [whole, name = '', target = ''] = SHAPE.exec(text) ?? [];
  if (whole === undefined) return undefined;
  if (RESERVED.includes(name)) throw malformed(`\${${name}:…} is not known here; use ${REFERENCE_FORMS}`);
  if (!isScheme(name)) throw malformed(`references are ${REFERENCE_FORMS}`);
  const { form, isTarget } = SCHEMES[name];
  if (!isTarget(target)) throw malformed(`those of this kind are written ${form}`);
  return { scheme: name, target };
}

/**
 * Reads the secret a reference points at.
 * @throws HeadwaterError REFERENCE_DENIED where the operator has not opened it, REFERENCE_BROKEN where nothing is there.
 */
export async function resolveReference({ scheme, target }: Reference, providers: Providers): Promise<Secret> {
  try {
    return await providers[scheme](target);
  } catch (error) {
    if (error instanceof HeadwaterError) throw error;
    throw new HeadwaterError('REFERENCE_BROKEN', `\${${scheme}:${target}} cannot be read.`, {
      hint: 'Reading it failed in a way that is not foreseen. Please report it.',
      cause: error,
    });
  }
}

function isScheme(name: string): name is Scheme {
  return Object.hasOwn(SCHEMES, name);
}

function malformed(what: string): HeadwaterError {
  return new HeadwaterError('INVALID_CONFIG', `Not a usable reference: ${what}.`);
}
