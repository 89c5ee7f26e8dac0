/** What whoever runs an SSH server needs to let a key in, and no further than to one place. */

/** A line of authorized_keys: it permits to be forwarded to the place, and nothing else. */
export function admissionLine(publicLine: string, { host, port }: { host: string; port: number }): string {
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return `restrict,port-forwarding,permitopen="${place}" ${publicLine} headwater`;
}

/** The names that accounts of Unix systems have; only with such a one is a command made. */
const ACCOUNT = /^[a-z_][a-z0-9_.-]{0,63}$/i;

/** The command that adds the line for an account, once. */
export function admissionCommand(line: string, username: string): string | undefined {
  if (!ACCOUNT.test(username) || line.includes("'")) return undefined;
  const add =
    'umask 077; mkdir -p ~/.ssh; grep -qxF "$1" ~/.ssh/authorized_keys 2>/dev/null || echo "$1" >> ~/.ssh/authorized_keys';
  return `sudo -H -u ${username} sh -c '${add}' sh '${line}'`;
}
