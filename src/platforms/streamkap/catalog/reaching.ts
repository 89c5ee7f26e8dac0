import type { VendorConnector } from '../../../connectors/vendor/connector.ts';
import { notReached } from '../../../connectors/vendor/probed-as.ts';
import { HeadwaterError } from '../../../errors.ts';
import type { Probe } from '../../../probes/probe.ts';
import type { StagedTarget } from '../../../probes/staged.ts';

type Config = Readonly<Record<string, unknown>>;
type MakeProbe = VendorConnector['probe'];

/** Where a config leads; the port as the config has it. */
type Place = Omit<StagedTarget, 'port'> & { port: unknown };

/** As far as DNS, TCP and TLS, to where the config leads; `otherwise`: why not, where it leads nowhere. */
export function reachedAt(
  server: string,
  place: (config: Config) => Place | undefined,
  otherwise = 'the config names no server',
): MakeProbe {
  return (fields, defaults) => async () => {
    const [{ stagedProbe }, nowhere] = await Promise.all([
      import('../../../probes/staged.ts'),
      notReached(server, otherwise)(fields, defaults)(),
    ]);
    const plan: Probe<Config>['plan'] = (given, context, options) => {
      const to = place({ ...defaults, ...given });
      if (to === undefined) return (nowhere as Probe<unknown>).plan(given, context, options);
      const target = { ...to, port: portOf(to.port) };
      return stagedProbe<Config>({ server, target: () => target }).plan(given, context, options);
    };
    return { plan } as Probe<never>;
  };
}

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

function portOf(value: unknown): number {
  const port = Number(value);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new HeadwaterError('INVALID_CONFIG', 'The port must be 1 to 65535.');
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
    port: url.port || (isTls ? 443 : 80),
    ...(isTls ? { tls: 'verify-full' as const } : {}),
  };
}
