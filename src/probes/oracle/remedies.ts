import type { Remedy } from '../problems/index.ts';

/** Whom rights are given to. */
export interface Who {
  /** As the dictionary has it. */
  user: string;
  /** A common user of a container database. */
  common: boolean;
  /** On Amazon RDS nobody is SYS, and procedures stand for what only SYS may do. */
  rds: boolean;
  schemas?: readonly string[] | undefined;
}

/** An identifier as it is: without quotes Oracle would make capitals of it. */
export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '')}"`;
}

export function qualified(namespace: string, name: string): string {
  return `${quote(namespace)}.${quote(name)}`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const everywhere = ({ common }: Who) => (common ? ' CONTAINER=ALL' : '');

/** Runs a statement that fails where it has been run before; that failure is passed over. */
function once(statement: string, alreadyDone: number): string {
  return [
    'BEGIN',
    `  EXECUTE IMMEDIATE ${literal(statement)};`,
    'EXCEPTION WHEN OTHERS THEN',
    `  IF SQLCODE != -${alreadyDone} THEN RAISE; END IF;`,
    'END;',
    '/',
  ].join('\n');
}

const USER_EXISTS = 1920;
const ALREADY_LOGGED = 32588;

/** A user that may read, for the case that there is none. It is locked until somebody sets its password. */
export function newUser(who: Who): Remedy[] {
  const user = quote(who.user);
  const account: Remedy = {
    stage: 'account',
    actor: 'dba',
    why: `If there is no user ${who.user} yet: it is locked until its password is set.`,
    script: [
      'BEGIN',
      `  EXECUTE IMMEDIATE 'CREATE USER ${user.replaceAll("'", "''")} IDENTIFIED BY "aA1' || RAWTOHEX(SYS_GUID()) || '" ACCOUNT LOCK${everywhere(who)}';`,
      'EXCEPTION WHEN OTHERS THEN',
      `  IF SQLCODE != -${USER_EXISTS} THEN RAISE; END IF;`,
      'END;',
      '/',
      '-- Then set the password that the source is to use, by hand:',
      `-- ALTER USER ${user} IDENTIFIED BY "..." ACCOUNT UNLOCK;`,
    ].join('\n'),
    undo: `DROP USER ${user};`,
  };
  return [account, { ...openSession(who), actor: 'dba' }, ...readSchemas(who)];
}

export function openSession(who: Who): Remedy {
  return {
    stage: 'right',
    why: 'To log in.',
    script: `GRANT CREATE SESSION TO ${quote(who.user)}${everywhere(who)};`,
    undo: `REVOKE CREATE SESSION FROM ${quote(who.user)};`,
  };
}

export function unlockUser({ user }: Who): Remedy {
  return { stage: 'account', why: 'The account is locked.', script: `ALTER USER ${quote(user)} ACCOUNT UNLOCK;` };
}

/** Oracle grants schemas as a whole from 23ai on only, so each table is granted by itself. */
function readSchemas(who: Who): Remedy[] {
  return (who.schemas ?? []).map((schema) => ({
    stage: 'right',
    actor: 'dba',
    why: `To read the tables of ${schema}.`,
    script: [
      'BEGIN',
      `  FOR t IN (SELECT owner, table_name FROM dba_tables WHERE owner = ${literal(schema)} AND nested = 'NO') LOOP`,
      `    EXECUTE IMMEDIATE 'GRANT SELECT ON "' || t.owner || '"."' || t.table_name || '" TO ${quote(who.user).replaceAll("'", "''")}';`,
      '  END LOOP;',
      'END;',
      '/',
    ].join('\n'),
  }));
}

export function readTable({ user }: Who, namespace: string, name: string): Remedy {
  const table = qualified(namespace, name);
  return {
    stage: 'right',
    why: `To read ${table}.`,
    script: `GRANT SELECT ON ${table} TO ${quote(user)};`,
    undo: `REVOKE SELECT ON ${table} FROM ${quote(user)};`,
  };
}

/** A system privilege, or a role. */
export function grantSystem(who: Who, right: string): Remedy {
  return {
    stage: 'right',
    why: `LogMiner is used with ${right}.`,
    script: `GRANT ${right} TO ${quote(who.user)}${everywhere(who)};`,
    undo: `REVOKE ${right} FROM ${quote(who.user)};`,
  };
}

/** A view or package of SYS. */
export function grantSys(who: Who, object: string, right: 'SELECT' | 'EXECUTE'): Remedy {
  const script = who.rds
    ? `BEGIN rdsadmin.rdsadmin_util.grant_sys_object(${literal(object)}, ${literal(who.user)}, ${literal(right)}); END;\n/`
    : `GRANT ${right} ON SYS.${object} TO ${quote(who.user)}${everywhere(who)};`;
  return { stage: 'right', why: `LogMiner is used with ${object}.`, script };
}

export function logSupplement({ rds }: Who): Remedy {
  return {
    stage: 'setting',
    why: 'The log says which row was changed; in a container database this is run in the root.',
    script: rds
      ? "BEGIN rdsadmin.rdsadmin_util.alter_supplemental_logging('ADD'); END;\n/"
      : 'ALTER DATABASE ADD SUPPLEMENTAL LOG DATA;',
    undo: rds
      ? "BEGIN rdsadmin.rdsadmin_util.alter_supplemental_logging('DROP'); END;\n/"
      : 'ALTER DATABASE DROP SUPPLEMENTAL LOG DATA;',
  };
}

export function logTable(namespace: string, name: string): Remedy {
  const table = qualified(namespace, name);
  return {
    stage: 'table',
    why: `All columns of a changed row of ${table} go into the log.`,
    script: once(`ALTER TABLE ${table} ADD SUPPLEMENTAL LOG DATA (ALL) COLUMNS`, ALREADY_LOGGED),
    undo: `ALTER TABLE ${table} DROP SUPPLEMENTAL LOG DATA (ALL) COLUMNS;`,
  };
}

/** On RDS the log is archived where there are backups: no statement does it. */
export function archiveLog(): Remedy {
  return {
    stage: 'restart',
    why: 'Changes are read from the archived log. In SQL*Plus, as SYSDBA:',
    script: 'SHUTDOWN IMMEDIATE\nSTARTUP MOUNT\nALTER DATABASE ARCHIVELOG;\nALTER DATABASE OPEN;',
  };
}

export function keepLog(hours: number): Remedy {
  return {
    stage: 'setting',
    why: `The archived log is kept for ${hours} hours.`,
    script: `BEGIN rdsadmin.rdsadmin_util.set_configuration('archivelog retention hours', '${hours}'); END;\n/\nCOMMIT;`,
  };
}
