import { constants } from 'node:fs';
import { access, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type App, createApp } from '../app.ts';
import { CONNECTORS } from '../connectors/index.ts';
import { HeadwaterError } from '../errors.ts';
import { createMasterKey, ORIGINS } from '../secrets/master-key.ts';
import type { Settings } from '../settings.ts';
import { describePlatforms } from '../sources/describe.ts';
import { testSteps } from '../sources/probing.ts';

/** What a check has found, in one line, and what to do about it. */
export interface Finding {
  status: 'ok' | 'warn' | 'fail';
  detail: string;
  remedy?: string;
}

export interface Check {
  id: string;
  title: string;
  run: (app: App) => Finding | Promise<Finding>;
}

/** In the order in which one stands on the other. None changes anything. */
export const CHECKS: readonly Check[] = [
  { id: 'node', title: 'Node.js', run: () => nodeVersion(process.versions.node) },
  { id: 'settings', title: 'Settings', run: ({ settings }) => given(settings) },
  { id: 'home', title: 'Home folder', run: ({ settings }) => homeFolder(settings.home) },
  { id: 'store', title: 'Store', run: store },
  { id: 'key', title: 'Master key', run: masterKey },
  { id: 'egress', title: 'Egress', run: ({ settings }) => egress(settings) },
  { id: 'drivers', title: 'Drivers', run: drivers },
  { id: 'connectors', title: 'Own connectors', run: ownConnectors },
  { id: 'platforms', title: 'Platforms', run: platforms },
];

/** Runs a check; an error is what it found. */
export async function findingOf({ run }: Check, app: App): Promise<Finding> {
  try {
    return await run(app);
  } catch (error) {
    if (!(error instanceof HeadwaterError)) {
      return fail(`A fault in Headwater (${error instanceof Error ? error.name : typeof error}).`, 'Please report it.');
    }
    return fail(error.message.replace(/\.$/, ''), error.details.hint);
  }
}

export function nodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return ok(version);
  return fail(`${version} is too old`, 'Install Node.js 20.19 or newer.');
}

/** Names only: a value may be a secret. */
function given({ given: names, references }: Settings): Finding {
  const secrets = Object.keys(references.environment);
  const said = [names.length > 0 ? `set: ${names.join(', ')}` : 'all as they come'];
  if (secrets.length > 0) said.push(`secrets for references: ${secrets.join(', ')}`);
  return ok(said.join('; '));
}

async function homeFolder(path: string): Promise<Finding> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    const parent = await nearestFolder(path);
    return (await writable(parent))
      ? ok(`${path} (not there yet; it is made when it is needed)`)
      : fail(
          `${path} is not there and cannot be made`,
          `Make ${parent} writable, or set HEADWATER_HOME to another folder.`,
        );
  }
  if (!found.isDirectory())
    return fail(`${path} is not a folder`, 'Set HEADWATER_HOME to a folder, or move away what is in its place.');
  if (!(await writable(path)))
    return fail(
      `${path} cannot be written`,
      'Make it writable for this user, or set HEADWATER_HOME to another folder.',
    );
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
  // Windows has no such modes.
  return process.platform !== 'win32' && (found.mode & 0o077) !== 0
    ? warn(`${path} is open to other users of this machine (${mode})`, `chmod 700 ${path}`)
    : ok(`${path} (${mode})`);
}

async function nearestFolder(path: string): Promise<string> {
  const parent = dirname(path);
  const there = parent === path || (await stat(parent).catch(() => undefined)) !== undefined;
  return there ? parent : await nearestFolder(parent);
}

async function writable(path: string): Promise<boolean> {
  return await access(path, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function store(app: App): Promise<Finding> {
  if (!(await isMissing(app.settings.storeFile))) {
    await app.checkStore();
    return ok('headwater.db opens');
  }
  // One of its own shows whether the database works here, and leaves no trace in the home folder.
  const folder = await mkdtemp(join(tmpdir(), 'headwater-doctor-'));
  const trial = createApp({ ...app.settings, storeFile: join(folder, 'trial.db') });
  try {
    await trial.checkStore();
  } finally {
    await trial.close();
    await rm(folder, { recursive: true, force: true });
  }
  return ok('the database works here (headwater.db is made when it is needed)');
}

async function masterKey({ settings, checkKey, keys }: App): Promise<Finding> {
  const { value, file, home } = settings.masterKey;
  const none = value === undefined && file === undefined && (await isMissing(join(home, 'master.key')));
  const from = none ? undefined : (await createMasterKey(settings.masterKey)({ create: false })).from;
  const found = from === undefined ? 'none yet' : `from ${ORIGINS[from]}`;
  try {
    const proven = !(await isMissing(settings.storeFile)) && (await checkKey());
    if (proven && (await keys.status()).rotation === 'unfinished') {
      return warn(
        `${found}; it is being replaced, and the rotation is unfinished`,
        'Run `headwater key rotate` again.',
      );
    }
    if (proven) return ok(`${found}; it is the one the credentials are sealed with`);
    return ok(none ? `${found} (it is made with the first source)` : found);
  } catch (error) {
    if (!(error instanceof HeadwaterError) || error.code !== 'STORE_UNAVAILABLE') throw error;
    const doubt = none ? 'one is missing' : 'it is the right one';
    return warn(`${found}; whether ${doubt} shows once the store opens`, 'Mend the store first.');
  }
}

async function isMissing(path: string): Promise<boolean> {
  return await stat(path).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
}

function egress({ egress: policy, allowHosts, allowCidrs }: Settings): Finding {
  const reach = policy === 'allow_private' ? 'public and private addresses' : 'public addresses only';
  const more = [...allowHosts, ...allowCidrs];
  return ok(`${policy}: ${reach}${more.length > 0 ? `, and ${more.join(', ')}` : ''}; never cloud metadata`);
}

/** What the probes load when they connect. */
const DRIVERS: Readonly<Record<string, () => Promise<unknown>>> = { pg: () => import('pg') };

async function drivers({ services }: App): Promise<Finding> {
  const connectors = (await services.platforms.get('local')?.connectors()) ?? [];
  const loads = { ...DRIVERS, ...Object.fromEntries(connectors.map(({ code, probe }) => [code, probe])) };
  const broken: string[] = [];
  for (const [name, load] of Object.entries(loads)) {
    await load().catch(() => broken.push(name));
  }
  if (broken.length === 0) return ok(`${Object.keys(DRIVERS).join(', ')} can be loaded`);
  return fail(`cannot be loaded: ${broken.join(', ')}`, 'Install headwater-mcp again.');
}

/** Of the operator's folder. A connector that cannot say how it would test its own example is at fault. */
async function ownConnectors({ settings, leftOut, services }: App): Promise<Finding> {
  if (settings.connectors === undefined) return ok('none (HEADWATER_CONNECTORS is not set)');
  const shipped = new Set(CONNECTORS.map(({ code }) => code));
  const all = (await services.platforms.get('local')?.connectors()) ?? [];
  const own = all.filter(({ code }) => !shipped.has(code));
  const faults = leftOut.map(({ file, message }) => `${file}: ${message}`);
  for (const connector of own) {
    const steps = await testSteps(services, connector);
    if (steps.some(({ id }) => id === 'connector'))
      faults.push(`${connector.code}: its probe throws on its own example`);
  }
  if (faults.length > 0) return fail(faults.join('; '), 'Mend the files, then start Headwater again.');
  return ok(own.length > 0 ? own.map(({ code }) => code).join(', ') : `no connector files in ${settings.connectors}`);
}

function platforms({ services, settings }: App): Finding {
  const all = describePlatforms(services);
  const chosen = all.find(({ platform }) => platform === settings.platform);
  if (chosen?.configured !== true) {
    return fail(
      `${settings.platform}, the default, is not configured`,
      chosen?.needs ?? 'Set HEADWATER_PLATFORM to another one.',
    );
  }
  const [ready, others] = [all.filter(({ configured }) => configured), all.filter(({ configured }) => !configured)];
  const names = ready.map(({ platform }) => (platform === settings.platform ? `${platform} (default)` : platform));
  const rest = others.length > 0 ? `; not configured: ${others.map(({ platform }) => platform).join(', ')}` : '';
  return ok(names.join(', ') + rest);
}

function ok(detail: string): Finding {
  return { status: 'ok', detail };
}

function warn(detail: string, remedy: string): Finding {
  return { status: 'warn', detail, remedy };
}

function fail(detail: string, remedy: string | undefined): Finding {
  return { status: 'fail', detail, ...(remedy === undefined ? {} : { remedy }) };
}
