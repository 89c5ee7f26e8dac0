import { HeadwaterError } from '../errors.ts';
import type { PlatformCode } from '../sources/source.ts';

/** What the sources of every platform say alike. */

export function notFound(id: string, platform?: PlatformCode): HeadwaterError {
  return new HeadwaterError('SOURCE_NOT_FOUND', `There is no source ${id.slice(0, 60)}.`, {
    next: [{ tool: 'list_sources', arguments: platform ? { platform } : {}, why: 'See which sources there are.' }],
  });
}

export function nameTaken(name: string, platform?: PlatformCode): HeadwaterError {
  return new HeadwaterError('NAME_TAKEN', `There is a source named ${JSON.stringify(name)} already.`, {
    hint: 'Choose another name, or use the source that is there.',
    fields: [{ field: '/name', message: 'is taken' }],
    next: [
      {
        tool: 'list_sources',
        arguments: { query: name, ...(platform ? { platform } : {}) },
        why: 'See the source that has the name.',
      },
    ],
  });
}

export function keyReused(): HeadwaterError {
  return new HeadwaterError('IDEMPOTENCY_CONFLICT', 'This idempotency_key was used before with other arguments.', {
    hint: 'Use a new key for a new call.',
    fields: [{ field: '/idempotency_key', message: 'was used before' }],
  });
}

export function keyOfDeleted(): HeadwaterError {
  return new HeadwaterError('IDEMPOTENCY_CONFLICT', 'The source that this idempotency_key made was deleted since.', {
    hint: 'Use a new key to make another one.',
    fields: [{ field: '/idempotency_key', message: 'was used before' }],
  });
}

export function keyRetired(): HeadwaterError {
  return new HeadwaterError('KEY_UNAVAILABLE', 'The master key was replaced while this was stored; nothing was.', {
    hint: 'Try again.',
    retryable: true,
  });
}

export function stale(): HeadwaterError {
  return new HeadwaterError('VERSION_CONFLICT', 'The source changed in the meantime.', {
    hint: 'Read it again, and decide on what it is now.',
    retryable: true,
  });
}
