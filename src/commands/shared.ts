import type { Caller } from '../sources/audit.ts';
import { LOCAL_PRINCIPAL } from '../sources/principal.ts';
import type { Call, Services } from '../sources/services.ts';
import { PLATFORM_CODES } from '../sources/source.ts';
import { createTrail } from '../sources/trail.ts';
import { choice, text } from './parameters.ts';

/** Arguments that several commands share, said once. */

export const connector = { ...text('CONNECTOR', 'Code, name or alias: postgresql, pg …'), required: true } as const;
export const platform = choice('PLATFORM', PLATFORM_CODES, 'Where sources live; the default is HEADWATER_PLATFORM.');

/** Whoever sits at this machine. */
const OPERATOR: Caller = { principal: LOCAL_PRINCIPAL, surface: 'cli' };

/** A call of the operator's, with the audit trail it leaves. */
export function operatorCall({ now }: Services, action: string, signal = new AbortController().signal): Call {
  return { principal: OPERATOR.principal, trail: createTrail(OPERATOR, action, now), signal };
}
