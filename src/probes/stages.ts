import { isPrivateAddress } from '../net/address.ts';
import { type Link, reached } from './network.ts';
import type { StepOutcome, StepSpec } from './probe.ts';
import type { Facts } from './problems/index.ts';

/** The stages that tests of unlike servers have in common: what each is called, proves, and may take. */

type Run = StepSpec['run'];

export function tlsStage(facts: Facts, run: Run): StepSpec {
  const timeout = { code: 'TLS_TIMEOUT', facts } as const;
  return { id: 'tls', title: 'TLS', gate: true, depth: 'tls', limitMs: 5000, timeout, run };
}

/** The right kind of server answers. */
export function protocolStage(facts: Facts, run: Run): StepSpec {
  const timeout = { code: 'PROTOCOL_TIMEOUT', facts } as const;
  const title = `Speaks ${facts.server}`;
  return { id: 'protocol', title, gate: true, depth: 'protocol', limitMs: 5000, timeout, run };
}

export function loginStage(facts: Facts, run: Run): StepSpec {
  const timeout = { code: 'AUTH_TIMEOUT', facts } as const;
  return { id: 'auth', title: 'Login', gate: true, depth: 'auth', limitMs: 5000, timeout, run };
}

/** The first query. */
export function databaseStage(facts: Facts, run: Run): StepSpec {
  const timeout = { code: 'QUERY_TIMEOUT', facts } as const;
  return { id: 'database', title: 'Database', gate: true, depth: 'query', limitMs: 4000, timeout, run };
}

/** Without TLS: nothing to say inside a tunnel or on a private network, a warning on a public one. */
export function inTheClear(link: Link, facts: Facts, evidence: string): StepOutcome {
  if (link.way) return { skip: `${evidence}; it goes inside the SSH tunnel` };
  const crossesPublicNetwork = reached(link.target).addresses.some(({ address }) => !isPrivateAddress(address));
  if (!crossesPublicNetwork) return { skip: evidence };
  return { evidence, warning: { code: 'CLEAR_TEXT', facts } };
}
