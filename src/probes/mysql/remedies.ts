import type { StreamPosition } from '../probe.ts';
import type { ProblemDetails, Remedy } from '../problems/index.ts';
import { type Change, providerOf } from '../providers/index.ts';
import { isFit } from './accounts.ts';
import type { Asking } from './asking.ts';
import { allOf, legible, qualified, quote, quoteAccount } from './names.ts';
import { isAtLeast, settingsFolder } from './product.ts';

/** The account as scripts name it; undefined where its name is not fit for one. */
export function accountOf(asking: Asking): string | undefined {
  const account = asking.account ?? `${asking.facts.username}@%`;
  return isFit(asking, [account]) ? quoteAccount(account) : undefined;
}

/** The least that lets the account read these databases: the selected tables of them, or else all, now and later. */
export function readingRights(asking: Asking, databases: readonly string[]): Remedy[] {
  const { tables } = asking.wanted;
  if (tables)
    return tableRights(
      asking,
      tables.filter(({ namespace }) => databases.includes(namespace)),
    );
  const fit = databases.filter((name) => isFit(asking, [name]));
  return fit.flatMap((name) => right(asking, 'SELECT', allOf(name), `Reading ${quote(name)}.`));
}

export function tableRights(asking: Asking, tables: readonly StreamPosition[]): Remedy[] {
  const fit = tables.filter(({ namespace, name }) => isFit(asking, [namespace, name]));
  return fit
    .map(({ namespace, name }) => qualified(namespace, name))
    .flatMap((name) => right(asking, 'SELECT', name, `Reading ${name}.`));
}

/** A right that the account lacks. */
export function right(asking: Asking, rights: string, object: string, why: string): Remedy[] {
  const account = accountOf(asking);
  if (account === undefined) return [];
  return [
    {
      stage: 'right',
      why,
      script: `GRANT ${rights} ON ${object} TO ${account};`,
      undo: `REVOKE ${rights} ON ${object} FROM ${account};`,
    },
  ];
}

export interface Setting {
  name: string;
  value: string;
  /** What it is now, for the way back. */
  now: string | undefined;
  why: string;
}

/** How a setting that holds at once is changed on this server: by whom, and in what way. */
export function settingFix(asking: Asking, { name, value, now, why }: Setting): ProblemDetails {
  const managed = managedChange(asking, name, value);
  if (managed) return managed;
  const { product } = asking;
  const set = (to: string) => (/^\d+$/.test(to) ? to : legible(to));
  const persists = !product.mariadb && isAtLeast(product, [8, 0]);
  const back = now === undefined ? '' : `SET GLOBAL ${name} = ${set(now)};`;
  const isWayBack = now !== undefined && isFit(asking, [now === '' ? 'empty' : now]);
  const script = persists
    ? `SET PERSIST ${name} = ${set(value)};`
    : `SET GLOBAL ${name} = ${set(value)};\n-- So that it outlives a restart, under [mysqld] in the server's own configuration: ${name} = ${value}`;
  const undo = persists ? `${back}\nRESET PERSIST IF EXISTS ${name};` : back;
  return { remedies: [{ stage: 'setting', why, script, ...(isWayBack ? { undo } : {}) }] };
}

/** How a setting that is read at the start alone is changed. `file` names what is written, once per purpose. */
export function startFix(asking: Asking, file: string, lines: readonly string[]): ProblemDetails {
  const [first = ''] = lines;
  const [name = '', value = ''] = first.split(' = ');
  const managed = managedChange(asking, name, value);
  if (managed) return managed;
  const folder = settingsFolder(asking.product);
  const written = lines.join(', ');
  if (folder === undefined) {
    return {
      advice: `Put this into the server's own configuration (my.cnf), under [mysqld], and restart: ${written}.`,
    };
  }
  const path = `${folder}/99-headwater-${file}.cnf`;
  return {
    advice: `Run the command as root on the server, then restart it. It writes ${path}: ${written}. Without that file all is as before.`,
    command: `printf '%s\\n' '[mysqld]' ${lines.map((line) => `'${line}'`).join(' ')} > ${path}`,
  };
}

/** Where the server is somebody's product: what its provider calls the setting, and who changes it. */
function managedChange({ facts }: Asking, name: string, value: string): ProblemDetails | undefined {
  const { host, port, username } = facts;
  const place = { engine: 'mysql', host, port, username } as const;
  const provider = providerOf(place);
  const change: Change | undefined = SPECIAL[provider?.code ?? '']?.[name] ?? provider?.setting?.(name, value, place);
  if (!provider || !change) return undefined;
  const { text, command } = change;
  return { advice: text, actor: provider.settingsBy, ...(command === undefined ? {} : { command }) };
}

/** What is no parameter there. */
const SPECIAL: Readonly<Record<string, Readonly<Record<string, Change>>>> = {
  rds: {
    log_bin: {
      text: 'Turn automated backups on: with a retention of a day or more, RDS writes the binary log.',
      command:
        'aws rds modify-db-instance --db-instance-identifier INSTANCE --backup-retention-period 7 --apply-immediately',
    },
  },
  cloud_sql: {
    log_bin: {
      text: 'Turn point-in-time recovery on: with it, Cloud SQL writes the binary log. The instance restarts.',
      command: 'gcloud sql instances patch INSTANCE --enable-bin-log',
    },
  },
  aurora: {
    log_bin: {
      text: 'Set binlog_format to ROW in the cluster parameter group (a group of your own, not the default one), then reboot the writer: on Aurora that turns the binary log on.',
      command:
        'aws rds modify-db-cluster-parameter-group --db-cluster-parameter-group-name GROUP ' +
        '--parameters "ParameterName=binlog_format,ParameterValue=ROW,ApplyMethod=pending-reboot"',
    },
  },
};
