import type { Problem } from './problems/index.ts';
import type { Step } from './report.ts';

/** A step that is not a pass, and what was found wrong. */
export interface Found {
  step: Step;
  problem: Problem;
}
