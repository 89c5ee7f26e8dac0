import type { ConfigFault } from '../../../connectors/define-connector.ts';
import { nearest } from '../../../nearest.ts';
import { isSecretName } from '../secret-names.ts';

type Config = Readonly<Record<string, unknown>>;

const WORKER_REFERENCE = /^\$\{worker:[^{}]+\}$/;
const ANY_REFERENCE = /\$\{[A-Za-z_]+:[^}]*\}/;
/** What Headwater says itself. */
const OURS: readonly string[] = ['name', 'connector.class'];

/** What may not stand in `extra`: what has a field of its own, what we say ourselves, and secrets in the open. */
export function extraFaults(config: Config, known: readonly string[]): ConfigFault[] {
  const { extra } = config;
  if (typeof extra !== 'object' || extra === null) return [];
  return Object.entries(extra).flatMap(([name, value]) => {
    const fault = faultOf(name, value, known);
    return fault === undefined ? [] : [{ path: 'extra', message: fault }];
  });
}

function faultOf(name: string, value: unknown, known: readonly string[]): string | undefined {
  const told = JSON.stringify(name);
  if (known.includes(name)) return `has ${told}, which is a field of its own: give it beside extra`;
  if (OURS.includes(name)) return `has ${told}, which Headwater says itself`;
  if (!['string', 'number', 'boolean'].includes(typeof value))
    return `has ${told}, which must be text, a number or a boolean`;
  const text = String(value);
  if (WORKER_REFERENCE.test(text)) return undefined;
  if (isSecretName(name)) return `has the secret ${told}: give it as \${worker:provider:path:key}`;
  if (ANY_REFERENCE.test(text))
    return `has a reference in ${told}, which only the fields of secrets may have; of a worker: \${worker:provider:path:key}`;
  const meant = nearest(name, known, 1);
  return meant === undefined ? undefined : `has ${told}: did you mean the field ${meant}?`;
}
