import { isAddress } from '../../net/address.ts';

export interface RuleNeeded {
  database: string;
  username: string;
  /** What the server said: the address it saw us come from stands in it, in every language. */
  said: string;
  tls: boolean;
}

const PLAIN_NAME = /^[\w.@-]+$/;
const QUOTED = /["'»“„«]\s?([0-9A-Fa-f.:]+)\s?["'«”“»]/g;

/**
 * A shell command for the server's `postgres` user: puts the missing rule in front of pg_hba.conf, where the first match
 * wins, and reloads. Nothing where a name is not fit to stand in a shell, or the server did not name an address.
 */
export function ruleCommand(needed: RuleNeeded): { line: string; command: string } | undefined {
  const line = ruleLine(needed);
  if (line === undefined) return undefined;
  const command =
    `f=$(psql -XAtc 'SHOW hba_file') && line='${line}' && ` +
    `{ [ "$(head -n 1 "$f")" = "$line" ] || sed -i "1i $line" "$f"; } && psql -XAtqc 'SELECT pg_reload_conf()'`;
  return { line, command };
}

function ruleLine({ database, username, said, tls }: RuleNeeded): string | undefined {
  // Whoever answers could write anything there, so only an address is taken from it.
  const address = [...said.matchAll(QUOTED)].map((match) => match[1] ?? '').find(isAddress);
  if (address === undefined || !PLAIN_NAME.test(database) || !PLAIN_NAME.test(username)) return undefined;
  // Quoted, a name is no keyword.
  return `${tls ? 'hostssl' : 'host'} "${database}" "${username}" ${address}/${address.includes(':') ? 128 : 32} scram-sha-256`;
}
