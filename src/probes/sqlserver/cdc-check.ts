import type { StepOutcome } from '../probe.ts';
import type { Row, Session } from './session.ts';

/** One check of a database's fitness for change data capture. `row`: what one query tells for all of them. */
export interface CdcCheck {
  id: string;
  title: string;
  run: (row: Row, session: Session) => StepOutcome | Promise<StepOutcome>;
}
