import { isAddress } from '../../net/address.ts';
import type { Remedy } from '../problems/index.ts';
import type { Asking } from './asking.ts';
import { allOf, legible, qualified, quote, quoteAccount } from './names.ts';
import { isAtLeast, type Product } from './product.ts';

/**
 * Scripts about accounts. An account is a name and a host, and until the login is through only the server knows which
 * of those with our name it takes us for: such scripts let it look that up.
 */

/** What reading takes, and capturing besides, as GRANT calls it. */
export function captureRights(product: Product): string[] {
  const monitor = product.mariadb && isAtLeast(product, [10, 5]) ? 'BINLOG MONITOR' : 'REPLICATION CLIENT';
  return ['RELOAD', 'REPLICATION SLAVE', monitor];
}

/** Where the server sees us come from, as it says in a refusal: `Host 'x'`, `'reader'@'x'`. The word is from outside. */
export function seenAs(message: string, { username }: { username: string }): string | undefined {
  const rest = message.replace(`'${username}'@`, 'Host ');
  const seen = /Host '([0-9A-Za-z.:-]{2,255})'/.exec(rest)?.[1] ?? '';
  return isAddress(seen) || seen === 'localhost' || /^([a-z0-9-]+\.)+[a-z0-9-]+$/i.test(seen) ? seen : undefined;
}

/** The rights that were asked for, as what stands between GRANT and TO. */
function wantedGrants({ databases, tables, cdc }: Asking['wanted'], product: Product): string[] {
  const read = tables
    ? tables.map(({ namespace, name }) => `SELECT ON ${qualified(namespace, name)}`)
    : databases.map((database) => `SELECT ON ${allOf(database)}`);
  return cdc ? [...read, `${captureRights(product).join(', ')} ON *.*`] : read;
}

/** An account without a password that anybody could know. */
function creation(account: string, product: Product): string {
  const { mariadb } = product;
  if (mariadb)
    return `CREATE USER IF NOT EXISTS ${account} IDENTIFIED VIA mysql_native_password USING 'invalid' ACCOUNT LOCK`;
  if (!isAtLeast(product, [8, 0])) return `CREATE USER IF NOT EXISTS ${account} ACCOUNT LOCK`;
  return `CREATE USER IF NOT EXISTS ${account} IDENTIFIED WITH caching_sha2_password\n  AS ${NOBODYS_PASSWORD} ACCOUNT LOCK`;
}

/** What MySQL gives its own accounts that nobody may log in to: no password has this proof. */
const NOBODYS_PASSWORD = "'$A$005$THISISACOMBINATIONOFINVALIDSALTANDPASSWORDTHATMUSTNEVERBRBEUSED'";

function opening(account: string): string {
  return `-- Then give it a password, which opens it:\n-- ALTER USER ${account} IDENTIFIED BY '...' ACCOUNT UNLOCK;`;
}

const LOCKED = 'It stays locked until somebody has set its password.';

/** An account for an address that none is for yet. */
export function newAccount(asking: Asking, message: string): Remedy[] {
  const { facts, wanted, product } = asking;
  const host = seenAs(message, facts) ?? '%';
  if (!isFit(asking, [facts.username, host])) return [];
  const account = `${quote(facts.username)}@${quote(host)}`;
  const statements = [
    creation(account, product),
    ...wantedGrants(wanted, product).map((what) => `GRANT ${what} TO ${account}`),
  ];
  return [
    {
      stage: 'account',
      why: `The account that we log in to. ${LOCKED}`,
      script: `${statements.map((statement) => `${statement};`).join('\n')}\n${opening(account)}`,
      undo: `DROP USER IF EXISTS ${account};`,
    },
  ];
}

/**
 * The same, where the server says only that name or password is wrong: where an account fits, the password is, and
 * nothing is changed. One that is made beside it would stand in its way.
 */
export function missingAccount(asking: Asking, message: string): Remedy[] {
  const { facts, wanted, product } = asking;
  const seen = seenAs(message, facts);
  const host = seen ?? '%';
  if (!isFit(asking, [facts.username, host])) return [];
  const account = `${quote(facts.username)}@${quote(host)}`;
  const statements = [
    creation(account, product),
    ...wantedGrants(wanted, product).map((what) => `GRANT ${what} TO ${account}`),
  ];
  const guarded = statements.map(
    (statement) =>
      `SET @change = IF(@missing, ${legible(statement.replaceAll('\n', ' '))}, 'DO 0');\nPREPARE headwater FROM @change; EXECUTE headwater;`,
  );
  return [
    {
      stage: 'account',
      why: `The account that we log in to, if there is none yet that fits. ${LOCKED}`,
      script: [
        `SET @missing = NOT EXISTS (SELECT 1 FROM mysql.user WHERE User = ${legible(facts.username)}${fitting(seen)})${shadowed(facts.username, seen)};`,
        ...guarded,
        'DEALLOCATE PREPARE headwater;',
        opening(account),
      ].join('\n'),
      undo: `-- If it was made by this script:\nDROP USER IF EXISTS ${account};`,
      actor: 'dba',
    },
  ];
}

/** Which hosts of accounts take in who comes from there. Of what only the server can tell, it is taken as true. */
function fitting(seen: string | undefined): string {
  if (seen === undefined) return '';
  const byName = isAddress(seen) ? '' : " OR Host REGEXP '^[0-9:]'";
  return ` AND (${legible(seen)} LIKE Host OR Host LIKE '%/%'${byName})`;
}

/** Of the accounts that fit, the one for the narrowest host is taken, and an anonymous one takes in every name. */
function shadowed(username: string, seen: string | undefined): string {
  if (seen === undefined) return '';
  const accounts = `(SELECT GROUP_CONCAT(User) FROM mysql.user WHERE Host = ${legible(seen)} AND User IN ('', ${legible(username)}))`;
  return `\n  OR ${accounts} = ''`;
}

/** A change to the account that the server takes us for: what stands before and behind it. */
export function onAccount(asking: Asking, before: string, behind: string): string | undefined {
  const { facts, account, address } = asking;
  if (account !== undefined)
    return isFit(asking, [account]) ? `${before}${quoteAccount(account)}${behind};` : undefined;
  if (!isFit(asking, [facts.username])) return undefined;
  const ours = address !== undefined && isAddress(address) ? `${legible(address)} LIKE Host DESC, ` : '';
  return [
    `SET @account = (SELECT CONCAT(QUOTE(User), '@', QUOTE(Host)) FROM mysql.user WHERE User = ${legible(facts.username)}`,
    `  AND authentication_string <> '' ORDER BY ${ours}INSTR(Host, '%') > 0, LENGTH(Host) DESC LIMIT 1);`,
    `SET @change = CONCAT(${legible(before)}, @account, ${legible(behind)});`,
    'PREPARE headwater FROM @change; EXECUTE headwater; DEALLOCATE PREPARE headwater;',
  ].join('\n');
}

/** Whether names may stand in a script for a person: a hostile one would be more than a name. */
export function isFit({ context }: Pick<Asking, 'context'>, names: readonly string[]): boolean {
  return names.every((name) => name !== '' && context.redactor.clean(name, 512) === name);
}
