import type { VendorConnector } from '../../../connectors/vendor/connector.ts';
import type { Place } from '../../../connectors/vendor/reached-at.ts';
import { HeadwaterError } from '../../../errors.ts';
import type { Probe } from '../../../probes/probe.ts';

type Config = Readonly<Record<string, unknown>>;
type MakeProbe = VendorConnector['probe'];

/** One of two probes, by what the config says. */
export function eitherProbe(isFirst: (config: Config) => boolean, first: MakeProbe, second: MakeProbe): MakeProbe {
  return (fields, defaults) => async () => {
    const [one, other] = await Promise.all([first(fields, defaults)(), second(fields, defaults)()]);
    const plan: Probe<Config>['plan'] = (config, context, options) => {
      const chosen = isFirst({ ...defaults, ...config }) ? one : other;
      return (chosen as Probe<unknown>).plan(config, context, options);
    };
    return { plan } as Probe<never>;
  };
}

/** The server in two fields of a config. @throws HeadwaterError INVALID_CONFIG for a port that is none */
export function placeIn(config: Config, host: string, port: string): Place {
  const number = Number(config[port]);
  if (Number.isInteger(number) && number >= 1 && number <= 65_535) return { host: String(config[host]), port: number };
  throw new HeadwaterError('INVALID_CONFIG', 'The port cannot be used.', {
    fields: [{ field: `/config/${port}`, message: 'must be a port: 1 to 65535' }],
  });
}

/** TLS as a portable name asks for it; without one, nobody here knows whether there is any. */
export function tlsAsked({ tls_mode }: Config): Pick<Place, 'tls'> {
  const isMode = tls_mode === 'require' || tls_mode === 'verify-ca' || tls_mode === 'verify-full';
  return isMode ? { tls: tls_mode } : {};
}

/** The server and port of an address on the web; nothing where it is none. */
export function placeOfUrl(value: unknown): Place | undefined {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return undefined;
  const isTls = url.protocol === 'https:';
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (isTls ? 443 : 80),
    ...(isTls ? { tls: 'verify-full' as const } : {}),
  };
}
