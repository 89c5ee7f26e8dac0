import { HeadwaterError, type NextCall } from '../errors.ts';
import type { LeftBehind } from './platform.ts';
import { type Call, offer, platformArgument, platformOfSource, type Services, storedSource } from './services.ts';

export interface DeleteRequest {
  source_id: string;
  confirm: string;
  dry_run?: boolean;
}

export interface DeleteAnswer {
  deleted: boolean;
  left_behind: readonly LeftBehind[];
  plan?: Record<string, unknown>;
  next: NextCall[];
}

/** Asks the person, where the client can; `undefined`: it cannot. */
export type AskPerson = (question: string, about: string) => Promise<boolean | undefined>;

/**
 * Deletes a source and its credentials. The name must be repeated, and a person who can be asked must agree.
 * What its platform made at the source may outlive it: `left_behind` says what, and what removes it.
 * @throws HeadwaterError CONFIRMATION_REQUIRED, SOURCE_NOT_FOUND, VERSION_CONFLICT
 */
export async function deleteSource(
  services: Services,
  request: DeleteRequest,
  call: Call,
  ask: AskPerson,
): Promise<DeleteAnswer> {
  const platform = platformOfSource(services, request.source_id);
  const stored = await storedSource(services, request.source_id, call);
  const { id, name, connector } = stored.source;
  if (request.confirm !== name) {
    throw new HeadwaterError(
      'CONFIRMATION_REQUIRED',
      `confirm must be the source's name, exactly: ${JSON.stringify(name)}.`,
      {
        fields: [{ field: '/confirm', message: 'is not the name of this source' }],
        hint: 'Ask the person whether this source is meant before you repeat the call.',
      },
    );
  }
  if (request.dry_run) {
    return { deleted: false, left_behind: [], plan: { action: 'delete', source_id: id, name, connector }, next: [] };
  }
  const question = `Delete the source ${JSON.stringify(name)} (${connector}) and its stored credentials? This cannot be undone.`;
  const agreed = await ask(question, `${id} at version ${stored.source.version}`);
  if (agreed === false) {
    throw new HeadwaterError('CONFIRMATION_REQUIRED', 'The person was asked and did not agree. Nothing was deleted.', {
      hint: 'Leave the source as it is, unless the person says otherwise.',
    });
  }
  const leftBehind = await platform.sources.remove(call, stored, call.trail.take());
  return {
    deleted: true,
    left_behind: leftBehind,
    next: offer(services, {
      tool: 'list_sources',
      arguments: platformArgument(services, platform),
      why: 'See what is left.',
    }),
  };
}
