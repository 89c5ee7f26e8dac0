import type { StepSpec } from '../../probe.ts';
import type { Session } from '../session.ts';
import { type Look, startLook } from './look.ts';
import { RETENTION_CHECKS } from './retention.ts';
import { RIGHTS_CHECKS } from './rights.ts';
import { SETTING_CHECKS } from './settings.ts';
import { STREAM_CHECKS } from './stream.ts';
import { TABLE_CHECKS } from './tables.ts';

/** The stream comes last: a connection that has begun it can be asked nothing more. */
const CHECKS = [...SETTING_CHECKS, ...RETENTION_CHECKS, ...RIGHTS_CHECKS, ...TABLE_CHECKS, ...STREAM_CHECKS];

/** Whether the server is fit for change data capture. Every check only reads; what is missing is handed out. */
export function cdcSteps(session: Session): StepSpec[] {
  let look: Look | undefined;
  return CHECKS.map(({ id, title, run }) => ({
    id,
    title,
    depth: 'cdc',
    limitMs: 3000,
    timeout: { code: 'QUERY_TIMEOUT', facts: session.facts },
    run: async () => {
      look ??= await startLook(session);
      return run(look, session);
    },
  }));
}
