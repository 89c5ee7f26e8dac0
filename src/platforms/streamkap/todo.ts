import type { Connector } from '../../connectors/define-connector.ts';
import type { Status, Todo } from '../../sources/source.ts';

type Json = Readonly<Record<string, unknown>>;

const PUBLIC_KEY = 'ssh.public.key.user.displayed';
const PLACEHOLDER = /^<[^<>]*>$/;

/** What Streamkap has made for a person to put somewhere else. */
export function todoOf(connector: Connector, config: Json, status: Status): Todo[] {
  return [...sshKey(config, status), ...webhook(connector, config)];
}

function sshKey(config: Json, status: Status): Todo[] {
  const key = config[PUBLIC_KEY];
  // What runs has been let in.
  if (config['ssh.enabled'] !== true || status === 'Active') return [];
  const where = `${String(config['ssh.user'] ?? 'streamkap')} on ${String(config['ssh.host'] ?? 'the SSH server')}`;
  if (typeof key !== 'string' || key === '' || PLACEHOLDER.test(key)) {
    const text = `Permit the public key that the source's page at Streamkap shows: one line in ~/.ssh/authorized_keys of ${where}. Streamkap goes through the SSH server with it.`;
    return [{ kind: 'copy_value', text }];
  }
  const text = `Add this line to ~/.ssh/authorized_keys of ${where}: Streamkap goes through the SSH server with this key.`;
  return [{ kind: 'copy_value', text, value: key }];
}

function webhook({ name, fields }: Connector, config: Json): Todo[] {
  if (!fields['webhook.url']) return [];
  const url = config['webhook.url'];
  if (typeof url !== 'string' || url === '' || PLACEHOLDER.test(url)) return [];
  const text = `Register this address where the events come from (${name}). The API key that goes with it stands on the page of the source at Streamkap: it is a credential, so it is not shown here.`;
  return [{ kind: 'copy_value', text, value: url }];
}
