import type { LeftBehind } from '../../sources/platform.ts';
import type { VendorSource } from '../remote/vendor.ts';

const POSTGRES: readonly string[] = ['postgresql', 'alloydb', 'supabase'];
const SQL_SERVER = 'sqlserveraws';

/** What outlives a source at its origin. Streamkap itself cleans its topics and tunnels. */
export function leftBehind({ connector, config = {} }: VendorSource, defaults: Readonly<Record<string, unknown>>) {
  const value = (name: string) => String(config[name] ?? defaults[name] ?? '');
  const left: LeftBehind[] = [];
  if (POSTGRES.includes(connector)) {
    const [slot, publication] = [value('slot.name'), value('publication.name')];
    left.push(
      {
        what: `The replication slot ${slot} in the database ${value('database.dbname')}. Until it is dropped, the server keeps WAL for it, and its disk fills.`,
        remove: `SELECT pg_drop_replication_slot(${literal(slot)});`,
      },
      {
        what: `The publication ${publication}, unless another source reads through it.`,
        remove: `DROP PUBLICATION IF EXISTS ${identifier(publication)};`,
      },
    );
  }
  if (connector === SQL_SERVER) {
    left.push({
      what: 'Change data capture of the tables, unless something else reads it.',
      remove: `USE ${bracketed(value('database.names'))}; EXEC sys.sp_cdc_help_change_data_capture; -- then sys.sp_cdc_disable_table for each`,
    });
  }
  if (config['ssh.enabled'] === true) {
    left.push({
      what: `The key of Streamkap that ${value('ssh.user')} permits on the SSH server ${value('ssh.host')}.`,
      remove: 'Remove its line from ~/.ssh/authorized_keys.',
    });
  }
  return left;
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
const identifier = (text: string) => `"${text.replaceAll('"', '""')}"`;
const bracketed = (text: string) => `[${text.replaceAll(']', ']]')}]`;
