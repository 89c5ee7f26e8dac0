import type { JudgedAddress } from '../../net/address.ts';
import type { Machine } from '../../net/machine.ts';
import type { Actor, Facts, ProblemCode } from '../problems/index.ts';
import type { Likelihood, Step } from '../report.ts';

/** The engines whose hosts are recognised. */
export type Engine = 'postgresql' | 'mysql' | 'sqlserver' | 'mongodb' | 'oracle' | 'kafka' | 'http';

/** What a provider is recognised by. */
export interface Place {
  engine: Engine;
  host: string;
  port?: number | undefined;
  username?: string | undefined;
}

/** All that a test has seen, when a gate has failed. */
export interface Observed {
  /** The step that failed. */
  step: Step;
  facts: Facts;
  place: Place;
  /** Whoever runs the server, where its name tells. */
  provider?: { code: string; name: string; allowList?: string; authority?: string } | undefined;
  /** What the name resolved to, once that was permitted. */
  addresses: readonly JudgedAddress[];
  machine: Pick<Machine, 'inContainer' | 'hasIpv6'>;
  /** The password begins or ends with white space. */
  padded?: boolean;
}

/** What may be behind a failure. Data: the order of a table is the order among equals. */
export interface Suspicion {
  /** Failures that it may explain. */
  of: readonly ProblemCode[];
  /** Whether the evidence speaks for it at all; always, where it is left out. */
  when?: (observed: Observed) => boolean;
  likelihood: Likelihood;
  cause: (observed: Observed) => string;
  /** What speaks for it. */
  evidence?: (observed: Observed) => readonly string[];
  fix: (observed: Observed) => string;
  /** Roles of the fields to change, where it is not those of the failure. */
  roles?: readonly string[];
  actor?: Actor;
  /** What would tell it from the others: something to look at, or a command. */
  tellApart?: (observed: Observed) => string;
}
