import type { Connector } from '../../connectors/define-connector.ts';
import { HeadwaterError } from '../../errors.ts';
import type { LeftBehind } from '../../sources/platform.ts';
import type { DesiredState } from '../../sources/source.ts';
import type { VendorCall, VendorChange, VendorDraft, VendorSource } from '../remote/vendor.ts';
import { leftBehind } from './left-behind.ts';
import { literalsIn, literalWarning } from './literals.ts';
import { nameFault } from './name.ts';
import { findings, installedPlugins, isAtLeast, rawConfig, seen } from './reading.ts';
import { isMissingPlugin, missingPlugin, refused } from './refusals.ts';
import { changedConfig, createRequest, pathOf, TO_STATE } from './requests.ts';
import { type Ask, alreadyThere, NAME } from './worker.ts';
import { fromWorker, type WorkerConfig } from './worker-config.ts';

export async function create(ask: Ask, draft: VendorDraft, call: VendorCall): Promise<VendorSource> {
  const { name, connector, desiredState } = draft;
  const { signal } = call;
  refuseName(name);
  if (desiredState === 'Pending') throw noDrafts();
  // A PUT would change a connector that is there already.
  const there = await ask({ method: 'GET', path: pathOf(name) }, { signal, repeats: true });
  if (there.status < 300) throw taken(name);
  const startsAsleep = desiredState === 'Active' || (await isAtLeast(ask, call, 3, 7));
  const request = createRequest(draft, startsAsleep);
  // The same PUT again makes the same connector; the same POST again would say that it is there.
  const answer = await ask(request, { signal, repeats: request.method === 'PUT', writes: true });
  if (alreadyThere(answer)) throw taken(name);
  if (answer.status >= 400) {
    throw isMissingPlugin(answer)
      ? missingPlugin(connector, await installedPlugins(ask, call))
      : refused(answer, connector, 'create it');
  }
  if (!startsAsleep) {
    call.progress(`Workers before Kafka 3.7 start every connector: it runs until it is ${desiredState.toLowerCase()}`);
    await moveTo(ask, name, desiredState, call);
  }
  const made = await seen(ask, name, call, (source) => source.desiredState === desiredState);
  if (!made) throw new HeadwaterError('OUTCOME_UNKNOWN', `${NAME} took the source, but does not show it yet.`);
  const open = literalsIn(connector, draft.config);
  return open.length > 0 ? { ...made, warnings: [literalWarning(open)] } : made;
}

export async function update(
  ask: Ask,
  before: VendorSource,
  change: VendorChange,
  connector: Connector,
  call: VendorCall,
): Promise<VendorSource> {
  const { id } = before;
  refuseForeign(before, change);
  if (change.config) {
    const raw = await rawConfig(ask, id, call);
    if (!raw) throw gone(id);
    const body = changedConfig(raw, before.config ?? {}, change);
    refuseRedirected(raw, body, connector);
    const request = { method: 'PUT', path: `${pathOf(id)}/config`, body } as const;
    const answer = await ask(request, { signal: call.signal, repeats: true, writes: true });
    if (answer.status >= 400) throw refused(answer, connector, 'change it');
  }
  const wanted = change.desiredState ?? before.desiredState;
  if (change.desiredState) await moveTo(ask, id, change.desiredState, call);
  const after = await seen(ask, id, call, (source) => source.desiredState === wanted);
  if (!after) throw gone(id);
  return after;
}

export async function remove(ask: Ask, { id }: VendorSource, call: VendorCall): Promise<readonly LeftBehind[]> {
  const raw = await rawConfig(ask, id, call);
  if (!raw) throw gone(id);
  const { topics = [], offsets = [] } = await findings(ask, id, call);
  const answer = await ask({ method: 'DELETE', path: pathOf(id) }, { signal: call.signal, repeats: true });
  // Of a second try: the first one did it.
  if (answer.status >= 400 && answer.status !== 404) throw refused(answer, undefined, 'delete it');
  return leftBehind(id, raw, topics, offsets.length > 0);
}

const LEADS = /(ur[li]|host(name)?|servers?|endpoint|address|brokers?|proxy)$/i;

/** Secrets that only the worker knows, of a part (`value.converter.…`) whose address changes. */
function refuseRedirected(raw: WorkerConfig, body: Readonly<Record<string, unknown>>, connector: Connector): void {
  const part = (key: string) => key.slice(0, key.indexOf('.'));
  const moved = Object.keys(body).filter((key) => LEADS.test(key) && body[key] !== raw[key]);
  const { hidden } = fromWorker(raw, connector);
  const carried = hidden.filter((key) => body[key] === raw[key] && moved.some((other) => part(other) === part(key)));
  if (carried.length === 0) return;
  throw new HeadwaterError(
    'CREDENTIALS_REQUIRED',
    `${moved.join(', ')} decides where ${carried.join(', ')} is sent. Stored credentials are not carried to another destination.`,
    {
      hint: `Give ${carried.join(', ')} again in extra, as \${worker:provider:path:key}.`,
      fields: carried.map((name) => ({ field: '/config/extra', message: `must hold ${name}` })),
    },
  );
}

async function moveTo(ask: Ask, id: string, state: DesiredState, { signal }: VendorCall): Promise<void> {
  if (state === 'Pending') throw noDrafts();
  const answer = await ask({ method: 'PUT', path: `${pathOf(id)}/${TO_STATE[state]}` }, { signal, repeats: true });
  if (answer.status === 404 && state === 'Stopped') {
    throw new HeadwaterError('UNSUPPORTED', 'This worker cannot stop a connector, or no longer has this one.', {
      hint: 'Kafka Connect can stop since 3.5; all of them can pause.',
    });
  }
  if (answer.status === 404) throw gone(id);
  if (answer.status >= 400) throw refused(answer, undefined, `${TO_STATE[state]} it`);
}

function refuseName(name: string): void {
  const fault = nameFault(name);
  if (fault === undefined) return;
  throw new HeadwaterError('INVALID_ARGUMENTS', `The name cannot be used on ${NAME}.`, {
    fields: [{ field: '/name', message: fault }],
  });
}

/** What a connector has no place for. */
function refuseForeign(before: VendorSource, { name, description, tags, schedule }: VendorChange): void {
  const renamed = name !== undefined && name !== before.name;
  const what = renamed
    ? 'The name of a connector is its id, and its offsets hang on it: it cannot be changed'
    : description != null || tags !== undefined || schedule != null
      ? 'A connector has neither a description, nor tags, nor a schedule'
      : undefined;
  if (what !== undefined) throw new HeadwaterError('UNSUPPORTED', `${what} on ${NAME}.`);
}

function noDrafts(): HeadwaterError {
  return new HeadwaterError('UNSUPPORTED', `${NAME} keeps no drafts: Paused and Stopped are what it has.`);
}

function taken(name: string): HeadwaterError {
  return new HeadwaterError('NAME_TAKEN', `${NAME} has a connector of this name already, and it was left as it is.`, {
    fields: [{ field: '/name', message: `is the name of another connector: ${JSON.stringify(name.slice(0, 100))}` }],
  });
}

function gone(id: string): HeadwaterError {
  return new HeadwaterError(
    'SOURCE_NOT_FOUND',
    `${NAME} no longer has a connector ${JSON.stringify(id.slice(0, 100))}.`,
  );
}
