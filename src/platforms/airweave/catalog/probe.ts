import type { Fields } from '../../../connectors/fields.ts';
import { AUTH, isObject } from '../../../connectors/paths.ts';
import { notReached } from '../../../connectors/vendor/probed-as.ts';
import type { Probe } from '../../../probes/probe.ts';

type Config = Readonly<Record<string, unknown>>;
export type MakeProbe = (fields: Fields, defaults: Config) => () => Promise<Probe<never>>;

const WHY = 'Airweave checks the credentials when the source is created';

/** Nothing in the config says where the service is: only Airweave can tell whether it lets one in. */
export const byAirweave = (name: string): MakeProbe => notReached(name, WHY);

/** As far as TLS to where the config leads, which `place` tells as a URL, a host or nothing. */
export function toPlace(name: string, place: (config: Config) => string | undefined): MakeProbe {
  return (fields, defaults) => async () => {
    const { stagedProbe } = await import('../../../probes/staged.ts');
    const elsewhere = (await byAirweave(name)(fields, defaults)()) as Probe<Config>;
    return {
      plan: (own: Config, context, options) => {
        const url = urlOf(place({ ...defaults, ...own }));
        if (!url) return elsewhere.plan(own, context, options);
        const { hostname, port, protocol } = url;
        const isTls = protocol === 'https:';
        const host = hostname.replace(/^\[|\]$/g, '');
        const target = {
          host,
          port: Number(port) || (isTls ? 443 : 80),
          ...(isTls ? { tls: 'verify-full' as const } : {}),
        };
        return stagedProbe<Config>({ server: name, target: () => target }).plan(own, context, options);
      },
    } as Probe<never>;
  };
}

/** The value of one field: a URL or a host. */
export const field = (name: string) => (config: Config) => textOf(config[name]);

/** A host, or the first part of one under `domain`. */
export const under = (name: string, domain: string) => (config: Config) => {
  const value = textOf(config[name]);
  return value === undefined || /[.:/]/.test(value) ? value : `${value}.${domain}`;
};

/** The same, of fields that say how to sign in. */
export const inAuth = (place: (auth: Config) => string | undefined) => (config: Config) =>
  isObject(config[AUTH]) ? place(config[AUTH]) : undefined;

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function urlOf(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  const whole = /^https?:\/\//i.test(text) ? text : `https://${text}`;
  return URL.canParse(whole) ? new URL(whole) : undefined;
}
