import type { Remedy } from '../problems/index.ts';
import { providerOf } from '../providers/index.ts';
import { literal, qualified, quote } from './names.ts';

/** Whom rights are given to, and where. */
export interface Who {
  host: string;
  /** It is Azure SQL Database. */
  azure: boolean;
  /** Of the config; Azure also takes it as `user@server`. */
  username: string;
  database: string;
  /** What the database calls the user, once the login is through: a login may have another name there. */
  user?: string | undefined;
  /** The schemas to read; all where there are none. */
  schemas?: readonly string[] | undefined;
}

/** A managed instance has its zone behind its name, and is a server like any other. */
const AZURE = /^[^.]+(\.privatelink)?\.database\.(windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)\.?$/i;

/** Whether a host is of Azure SQL Database, where a session stays in the database it was opened in. */
export function isAzure(host: string): boolean {
  return AZURE.test(host);
}

export function loginOf(who: Who): string {
  return who.azure ? who.username.replace(/@[^@]*$/, '') : who.username;
}

export function userOf(who: Who): string {
  return who.user ?? loginOf(who);
}

/** Statements that run in the database; on Azure nothing else can, and the session says which. */
export function inDatabase(who: Who, statements: string): string {
  const where = who.azure ? `-- in the database ${quote(who.database)}` : `USE ${quote(who.database)};`;
  return `${where}\n${statements}`;
}

const inMaster = (who: Who, statements: string) =>
  who.azure ? `-- in the database [master]\n${statements}` : `USE [master];\n${statements}`;

const AGAIN = '-- Then set the password that the source is to use, by hand:';

/** A login that may read, for the case that there is none. It is created with a password that nobody knows. */
export function newLogin(who: Who): Remedy[] {
  const name = loginOf(who);
  const create = who.azure ? 'USER' : 'LOGIN';
  const known = who.azure ? 'sys.database_principals' : 'sys.sql_logins';
  const random = "QUOTENAME(N'aA1!' + CONVERT(nvarchar(100), CRYPT_GEN_RANDOM(32), 2), '''')";
  const made = [
    `IF NOT EXISTS (SELECT 1 FROM ${known} WHERE name = ${literal(name)})`,
    'BEGIN',
    `  DECLARE @create nvarchar(1000) = N'CREATE ${create} ' + QUOTENAME(${literal(name)}) + N' WITH PASSWORD = ' + ${random};`,
    '  EXEC (@create);',
    'END;',
    AGAIN,
    `-- ALTER ${create} ${quote(name)} WITH PASSWORD = '...';`,
  ].join('\n');
  const account: Remedy = {
    stage: 'account',
    actor: 'dba',
    why: `If there is no login ${name} yet: it begins with a random password that nobody knows.`,
    script: who.azure ? inDatabase(who, made) : inMaster(who, made),
    undo: who.azure ? inDatabase(who, `DROP USER IF EXISTS ${quote(name)};`) : `DROP LOGIN ${quote(name)};`,
  };
  return [account, ...(who.azure ? [] : [newUser(who)]), ...readRights(who)].map((each) => ({
    ...each,
    actor: 'dba',
  }));
}

/** What lets a login into the database. */
export function newUser(who: Who): Remedy {
  const name = quote(loginOf(who));
  return {
    stage: 'account',
    why: 'A login needs a user of its own in the database.',
    script: inDatabase(
      who,
      `IF DATABASE_PRINCIPAL_ID(${literal(loginOf(who))}) IS NULL CREATE USER ${name} FOR LOGIN ${name};\nGRANT CONNECT TO ${name};`,
    ),
    undo: inDatabase(who, `DROP USER IF EXISTS ${name};`),
  };
}

/** The least that reads everything in the schemas, now and later; without schemas, in the database. */
export function readRights(who: Who): Remedy[] {
  const user = quote(userOf(who));
  if (!who.schemas) {
    const script = inDatabase(who, `GRANT SELECT TO ${user};`);
    return [
      {
        stage: 'right',
        why: 'To read the tables of the database.',
        script,
        undo: inDatabase(who, `REVOKE SELECT FROM ${user};`),
      },
    ];
  }
  return who.schemas.map((schema) =>
    grant(who, `SCHEMA::${quote(schema)}`, `To read the tables of the schema ${schema}.`),
  );
}

export function readTable(who: Who, namespace: string, name: string): Remedy {
  return grant(who, `OBJECT::${qualified(namespace, name)}`, `To read ${qualified(namespace, name)}.`);
}

export function readChanges(who: Who): Remedy {
  return grant(who, 'SCHEMA::[cdc]', 'To read what was captured.');
}

function grant(who: Who, on: string, why: string): Remedy {
  const user = quote(userOf(who));
  return {
    stage: 'right',
    why,
    script: inDatabase(who, `GRANT SELECT ON ${on} TO ${user};`),
    undo: inDatabase(who, `REVOKE SELECT ON ${on} FROM ${user};`),
  };
}

export function enableLogin(who: Who): Remedy {
  const login = quote(loginOf(who));
  const script = inMaster(who, `ALTER LOGIN ${login} ENABLE;`);
  return {
    stage: 'account',
    why: 'The login is disabled.',
    script,
    undo: inMaster(who, `ALTER LOGIN ${login} DISABLE;`),
  };
}

/** Turning the policy off and on forgets the lock, and leaves the password as it is. */
export function unlockLogin(who: Who): Remedy {
  const login = quote(loginOf(who));
  const script = inMaster(
    who,
    `ALTER LOGIN ${login} WITH CHECK_POLICY = OFF;\nALTER LOGIN ${login} WITH CHECK_POLICY = ON;`,
  );
  return { stage: 'account', why: 'Too many wrong passwords have locked the login; this unlocks it.', script };
}

export function newPassword(who: Who): Remedy {
  const script = inMaster(who, `${AGAIN}\n-- ALTER LOGIN ${quote(loginOf(who))} WITH PASSWORD = '...' UNLOCK;`);
  return { stage: 'account', why: 'The password has expired, or must be changed before it is used.', script };
}

/** Amazon lets nobody be sysadmin, and has a procedure of its own. */
export function captureDatabase(who: Who): Remedy {
  const rds = providerOf({ engine: 'sqlserver', host: who.host })?.code === 'rds';
  const enable = rds ? `EXEC msdb.dbo.rds_cdc_enable_db ${literal(who.database)};` : 'EXEC sys.sp_cdc_enable_db;';
  const disable = rds ? `EXEC msdb.dbo.rds_cdc_disable_db ${literal(who.database)};` : 'EXEC sys.sp_cdc_disable_db;';
  return {
    stage: 'database',
    why: 'Change data capture is turned on for the database first, then for each table.',
    script: inDatabase(
      who,
      `IF EXISTS (SELECT 1 FROM sys.databases WHERE name = DB_NAME() AND is_cdc_enabled = 0)\n  ${enable}`,
    ),
    undo: inDatabase(who, disable),
  };
}

/** The source reads as a user with rights of its own, so that no gating role is needed. */
export function captureTable(who: Who, namespace: string, name: string): Remedy {
  const whole = literal(qualified(namespace, name));
  const named = `@source_schema = ${literal(namespace)}, @source_name = ${literal(name)}`;
  return {
    stage: 'table',
    why: `To capture the changes of ${qualified(namespace, name)}.`,
    script: inDatabase(
      who,
      `IF EXISTS (SELECT 1 FROM sys.tables WHERE object_id = OBJECT_ID(${whole}) AND is_tracked_by_cdc = 0)\n` +
        `  EXEC sys.sp_cdc_enable_table ${named}, @role_name = NULL, @supports_net_changes = 0;`,
    ),
    undo: inDatabase(who, `EXEC sys.sp_cdc_disable_table ${named}, @capture_instance = N'all';`),
  };
}

export function joinRole(who: Who, role: string): Remedy {
  const [member, of] = [quote(userOf(who)), quote(role)];
  return {
    stage: 'right',
    why: `Captured changes are read by members of ${of} alone.`,
    script: inDatabase(who, `ALTER ROLE ${of} ADD MEMBER ${member};`),
    undo: inDatabase(who, `ALTER ROLE ${of} DROP MEMBER ${member};`),
  };
}

export function keepChanges(who: Who, minutes: number): Remedy {
  return {
    stage: 'setting',
    why: `Changes are kept for ${minutes / 1440} days, so that a source may stand still that long.`,
    script: inDatabase(who, `EXEC sys.sp_cdc_change_job @job_type = N'cleanup', @retention = ${minutes};`),
  };
}

export function allowSnapshots(who: Who): Remedy {
  const set = (value: string) => `ALTER DATABASE ${quote(who.database)} SET ALLOW_SNAPSHOT_ISOLATION ${value};`;
  return {
    stage: 'setting',
    why: 'With it a first snapshot reads one state of all tables, and locks nobody out.',
    script: set('ON'),
    undo: set('OFF'),
  };
}
