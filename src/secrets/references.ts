import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, sep } from 'node:path';
import { HeadwaterError } from '../errors.ts';
import { Secret } from './secret.ts';

/** A pointer to a secret that is resolved at use, never at create. */
export interface Reference {
  scheme: 'env' | 'file';
  target: string;
}

/** What the operator lets references read. */
export interface ReferencePolicy {
  envPrefix: string;
  directories: readonly string[];
  /** Folders that stay closed inside those: Headwater's own. */
  forbidden: readonly string[];
  environment: Readonly<Record<string, string | undefined>>;
}

const SHAPE = /^\$\{([A-Za-z_]+):([\s\S]*)\}$/;
const MAX_FILE_BYTES = 64 * 1024;
/** The system's own views of processes and devices: no secret of a source is there. */
const NEVER = ['/proc', '/sys', '/dev'];

/** `env:NAME`, `file:/path`: how a reference is shown. */
export function describeReference(reference: Reference): string {
  return `${reference.scheme}:${reference.target}`;
}

/**
 * Reads a field's text as a reference; `undefined` when it is an ordinary literal.
 * @throws HeadwaterError INVALID_CONFIG for something that looks like a reference but is not one.
 */
export function parseReference(text: string): Reference | undefined {
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const [, scheme, target = ''] = match;
  if (scheme === 'env') {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(target)) throw malformed('an environment reference is `${env:NAME}`');
    return { scheme, target };
  }
  if (scheme === 'file') {
    if (target.includes('\0')) throw malformed('a file reference is `${file:/absolute/path}`');
    return { scheme, target };
  }
  throw malformed('references are `${env:NAME}` or `${file:/absolute/path}`');
}

function malformed(what: string): HeadwaterError {
  return new HeadwaterError('INVALID_CONFIG', `Not a usable reference: ${what}.`);
}

/**
 * Reads the secret a reference points at.
 * @throws HeadwaterError REFERENCE_DENIED where the operator has not opened it, REFERENCE_BROKEN where nothing is there.
 */
export function resolveReference(reference: Reference, policy: ReferencePolicy): Promise<Secret> {
  return reference.scheme === 'env' ? fromEnvironment(reference.target, policy) : fromFile(reference.target, policy);
}

async function fromEnvironment(name: string, policy: ReferencePolicy): Promise<Secret> {
  if (!name.startsWith(policy.envPrefix)) {
    throw new HeadwaterError('REFERENCE_DENIED', `\${env:${name}} may not be read.`, {
      hint: `Only names that start with ${policy.envPrefix} may be read. An operator can set ${policy.envPrefix}… or change HEADWATER_ENV_PREFIX.`,
    });
  }
  const value = policy.environment[name];
  if (!value) {
    throw new HeadwaterError('REFERENCE_BROKEN', `\${env:${name}} is not set in Headwater's environment.`, {
      hint: `A person must set ${name} where Headwater is started (for an MCP client: the server's "env"), then restart it.`,
    });
  }
  return new Secret(value);
}

async function fromFile(path: string, policy: ReferencePolicy): Promise<Secret> {
  const denied = () =>
    new HeadwaterError('REFERENCE_DENIED', `\${file:${path}} may not be read.`, {
      hint: `Only regular files inside ${policy.directories.join(', ') || 'no folder'} may be read. An operator can change HEADWATER_REFERENCE_DIRS.`,
    });
  const broken = (why: string) =>
    new HeadwaterError('REFERENCE_BROKEN', `\${file:${path}} ${why}.`, {
      hint: 'A person must put the secret into that file, readable by Headwater and by nobody else.',
    });
  // Lexically first, so that a path outside never tells whether it exists.
  if (!isAbsolute(path) || !insideAny(path, policy.directories) || path.split(sep).includes('..')) throw denied();
  const forbidden = await Promise.all(
    [...policy.forbidden, ...NEVER].map((folder) => realpath(folder).catch(() => folder)),
  );
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) throw broken('does not exist');
  const roots = await Promise.all(policy.directories.map((folder) => realpath(folder).catch(() => folder)));
  if (!insideAny(real, roots) || insideAny(real, forbidden)) throw denied();
  const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (file === undefined) throw broken('cannot be opened');
  try {
    const facts = await file.stat();
    if (!facts.isFile()) throw denied();
    if (facts.size > MAX_FILE_BYTES) throw broken(`is larger than ${MAX_FILE_BYTES} bytes`);
    if (facts.mode & 0o002) throw broken('is writable by everybody');
    const text = (await file.readFile('utf8')).replace(/\r?\n$/, '');
    if (!text) throw broken('is empty');
    return new Secret(text);
  } finally {
    await file.close();
  }
}

function insideAny(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(folder.endsWith(sep) ? folder : folder + sep));
}
