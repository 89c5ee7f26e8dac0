import type { Actor } from './kind.ts';

/**
 * In the order of a script: an account and what a database must be before rights in it, rights before tables, what needs
 * a restart last.
 */
export const REMEDY_STAGES = ['account', 'database', 'right', 'table', 'setting', 'restart'] as const;
export type RemedyStage = (typeof REMEDY_STAGES)[number];

/**
 * One change that mends a gap, as statements that an administrator can run as they are printed. Running them twice does
 * no harm. Names from outside are in it only where they are fit to be shown.
 */
export interface Remedy {
  stage: RemedyStage;
  /** Why it is needed, in one line: the comment above it. */
  why: string;
  /** Complete statements; where a person must do something by hand, a comment that says what. */
  script: string;
  /** What takes it back, run from the last to the first. */
  undo?: string;
  /** What it takes for the change to hold. */
  then?: 'reload' | 'restart';
  /** Who runs it, where that is not the one whose problem it mends. */
  actor?: Actor;
}
