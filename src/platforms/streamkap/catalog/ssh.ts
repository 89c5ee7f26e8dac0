import type { VendorConnector } from '../../../connectors/vendor/connector.ts';
import type { VendorFields } from '../../../connectors/vendor/field.ts';
import { HeadwaterError } from '../../../errors.ts';
import type { Probe } from '../../../probes/probe.ts';
import { flag, port, secret, text, when } from './rows.ts';

type Config = Readonly<Record<string, unknown>>;
type MakeProbe = VendorConnector['probe'];

const ON = [when('ssh.enabled', true)];
const OWN = 'For the test only: with it, Headwater goes through the SSH server itself. Streamkap has a key of its own.';

/** Streamkap goes through an SSH server with a key that it makes itself, and shows the public half. */
export const SSH: VendorFields = {
  'ssh.enabled': flag('SSH tunnel', 'Whether the way leads through an SSH server of yours.', false, {
    destination: true,
    group: 'ssh',
    essential: true,
  }),
  'ssh.host': text('SSH host', 'Host name or IP address of the SSH server.', {
    role: 'ssh_host',
    shownWhen: ON,
    aka: ['bastion', 'bastion_host', 'jump_host'],
  }),
  'ssh.port': port('SSH port', 'TCP port of the SSH server.', '22', { role: 'ssh_port', shownWhen: ON }),
  'ssh.user': text('SSH user', 'The user of the SSH server that Streamkap logs in as.', {
    role: 'ssh_username',
    group: 'ssh',
    default: 'streamkap',
    shownWhen: ON,
  }),
  'ssh.public.key.user.displayed': text(
    'SSH public key',
    'The key to permit for that user. Streamkap makes it and shows it once the source is there.',
    { serverAssigned: true, group: 'ssh', shownWhen: ON },
  ),
  ssh_password: secret('SSH password', OWN, { role: 'ssh_password', group: 'ssh', virtual: true }),
  ssh_private_key: secret('SSH private key', OWN, { role: 'ssh_private_key', group: 'ssh', virtual: true }),
  ssh_passphrase: secret('SSH key passphrase', OWN, { role: 'ssh_passphrase', group: 'ssh', virtual: true }),
  ssh_host_key: text('SSH host key', 'For the test only: the key that the SSH server must show, as SHA256:….', {
    role: 'ssh_host_key',
    group: 'ssh',
    virtual: true,
    destination: true,
  }),
};

/** Whoever names an SSH server wants it used. */
export function withTunnel(config: Config): Config {
  const isMeant = config['ssh.enabled'] === undefined && given(config['ssh.host']);
  return isMeant ? { ...config, 'ssh.enabled': true } : config;
}

const given = (value: unknown) => value !== undefined && value !== '';

/** A probe that goes straight; through the SSH server where there is a key for it here; else no further than to it. */
export function tunnelled(server: string, make: MakeProbe): MakeProbe {
  return (fields, defaults) => {
    const isOf = (name: string) => /^ssh[._]/.test(name);
    const straight = make(
      Object.fromEntries(Object.entries(fields).filter(([name]) => !isOf(name))),
      Object.fromEntries(Object.entries(defaults).filter(([name]) => !isOf(name))),
    );
    const through = make(fields, defaults);
    return async () => {
      const [direct, behind, { gatePlan }] = await Promise.all([
        straight(),
        through(),
        import('../../../probes/ssh/gate.ts'),
      ]);
      const plan: Probe<Config>['plan'] = (sent, context, options) => {
        const config = withTunnel(sent);
        if (config['ssh.enabled'] !== true) return (direct as Probe<unknown>).plan(config, context, options);
        if (given(config['ssh_private_key']) || given(config['ssh_password'])) {
          return (behind as Probe<unknown>).plan(config, context, options);
        }
        const ssh = {
          ssh_host: hostOf(config),
          ssh_port: Number(config['ssh.port'] ?? defaults['ssh.port']),
          ssh_username: String(config['ssh.user'] ?? defaults['ssh.user']),
        };
        return gatePlan({ server, holder: 'Streamkap', ssh }, context);
      };
      return { plan } as Probe<never>;
    };
  };
}

function hostOf({ 'ssh.host': host }: Config): string {
  if (typeof host === 'string' && host !== '') return host;
  throw new HeadwaterError('INVALID_CONFIG', 'The SSH server is not named.', {
    fields: [{ field: '/config/ssh.host', message: 'is required for a test while ssh.enabled is true' }],
    hint: 'Give ssh.host, or set ssh.enabled to false.',
  });
}
