import { PLATFORM_CODES } from '../sources/source.ts';
import { choice, text } from './parameters.ts';

/** Arguments that several commands share, said once. */

export const connector = { ...text('CONNECTOR', 'Code, name or alias: postgresql, pg …'), required: true } as const;
export const platform = choice('PLATFORM', PLATFORM_CODES, 'Where sources live; the default is HEADWATER_PLATFORM.');
