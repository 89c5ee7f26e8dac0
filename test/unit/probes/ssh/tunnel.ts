import { afterEach } from 'vitest';
import { sharedPostgres } from '../../../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../../../support/shop.ts';
import { SSH_USER, type SshServer, type SshServerOptions, startSshServer } from '../../../support/ssh-server.ts';
import type { ConfigInput } from '../lab.ts';

export const PASSWORD = 'password of the tunnel';

const started: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

/** Stopped after the test. */
export function forTest<T extends { stop(): Promise<void> }>(server: T): T {
  started.push(server);
  return server;
}

/** An SSH server in front of the shared database, which only it knows as `db.internal`. */
export async function bastion(options: SshServerOptions = {}): Promise<SshServer> {
  return forTest(await startSshServer({ password: PASSWORD, upstream: sharedPostgres(), ...options }));
}

/** A config whose database is behind that server; logs in with the password where nothing else is said. */
export function through({ host, port }: { host: string; port: number }, more: ConfigInput = {}): ConfigInput {
  const config = {
    host: 'db.internal',
    port: 5432,
    database: SHOP_DATABASE,
    username: SHOP_ROLES.reader,
    password: sharedPostgres().readerPassword,
    tls_mode: 'require',
    ssh_host: host,
    ssh_port: port,
    ssh_username: SSH_USER,
    ...('ssh_private_key' in more ? {} : { ssh_password: PASSWORD }),
    ...more,
  };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}
