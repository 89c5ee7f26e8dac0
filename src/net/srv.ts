import { Resolver } from 'node:dns/promises';

/** A service's host, as DNS names it. */
export interface ServiceHost {
  name: string;
  port: number;
}

/** What DNS says of a service: its hosts, and the texts beside its name, each already put together. */
export interface Service {
  hosts: readonly ServiceHost[];
  texts: readonly string[];
}

/** Asks for `_service._tcp.name`. Rejects with Node's DNS errors. */
export type ServiceLookup = (service: string, name: string) => Promise<Service>;

const TRY_MS = 1500;
const TRIES = 2;
const NO_TEXTS: ReadonlySet<string> = new Set(['ENODATA', 'ENOTFOUND']);

export async function lookupService(service: string, name: string): Promise<Service> {
  const resolver = new Resolver({ timeout: TRY_MS, tries: TRIES });
  const [hosts, texts] = await Promise.all([
    resolver.resolveSrv(`_${service}._tcp.${name}`),
    resolver.resolveTxt(name).catch((error: NodeJS.ErrnoException) => {
      if (NO_TEXTS.has(error.code ?? '')) return [];
      throw error;
    }),
  ]);
  return { hosts, texts: texts.map((pieces) => pieces.join('')) };
}

/**
 * Whether a host stands in the domain of the name that it was found by: whoever can forge one answer must not be able to
 * lead elsewhere. A name of one or two labels is a domain itself ("Initial DNS Seedlist Discovery").
 */
export function standsInDomain(found: string, name: string): boolean {
  const labels = name.split('.');
  const domain = labels.length < 3 ? labels : labels.slice(1);
  return found.length > domain.join('.').length + 1 && found.endsWith(`.${domain.join('.')}`);
}
