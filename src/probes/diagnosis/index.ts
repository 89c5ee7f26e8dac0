import { type ProblemCode, problemKind } from '../problems/index.ts';
import { providerOf } from '../providers/index.ts';
import type { Cause, Likelihood, ProviderFacts } from '../report.ts';
import { LOGIN_SUSPICIONS } from './login.ts';
import { REACHING_SUSPICIONS } from './reaching.ts';
import type { Observed, Place, Suspicion } from './suspicion.ts';

export type { Observed, Place } from './suspicion.ts';

const RANKS: Readonly<Record<Likelihood, number>> = { certain: 0, likely: 1, possible: 2 };
const MOST = 4;

const GENERAL: readonly Suspicion[] = [...REACHING_SUSPICIONS, ...LOGIN_SUSPICIONS];

/**
 * What may be behind a failure, most likely first, from all that the test has seen. What a provider is known for comes
 * before what holds anywhere. Looks nothing up: each cause says what would tell it from the others.
 */
export function diagnose(observed: Observed, fieldOf: (role: string) => string | undefined): Cause[] {
  const provider = providerOf(observed.place);
  const seen: Observed = { ...observed, provider };
  const code = observed.step.code;
  if (code === undefined) return [];
  return [...(provider?.suspicions ?? []), ...GENERAL]
    .filter(({ of, when }) => of.includes(code) && (when?.(seen) ?? true))
    .sort((a, b) => RANKS[a.likelihood] - RANKS[b.likelihood])
    .slice(0, MOST)
    .map((suspicion) => causeOf(suspicion, seen, code, fieldOf));
}

function causeOf(
  suspicion: Suspicion,
  observed: Observed,
  code: ProblemCode,
  fieldOf: (role: string) => string | undefined,
): Cause {
  const { likelihood, cause, evidence, fix, roles = [], actor, tellApart } = suspicion;
  const found = evidence?.(observed).filter((line) => line !== '') ?? [];
  const fields = roles.flatMap((role) => fieldOf(role) ?? []);
  return {
    cause: cause(observed),
    likelihood,
    ...(found.length > 0 ? { evidence: found } : {}),
    fix: fix(observed),
    ...(fields.length > 0 ? { fields } : {}),
    actor: actor ?? (fields.length > 0 ? 'user' : (observed.step.actor ?? problemKind(code).actor)),
    ...(tellApart ? { tell_apart: tellApart(observed) } : {}),
  };
}

/** Whoever runs the server, as a report names it. */
export function providerAt(place: Place): ProviderFacts | undefined {
  const provider = providerOf(place);
  if (!provider) return undefined;
  const { code, name, note } = provider;
  return { code, name, ...(note === undefined ? {} : { note }) };
}
