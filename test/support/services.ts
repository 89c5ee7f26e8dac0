import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildFerretdb, findFerretdb, findGo } from './ferretdb-build.ts';
import { findKafka, findMaven, installKafka } from './kafka/install.ts';

interface Service {
  name: string;
  debianPackage: string;
  /** Where its programs are, if they are installed. */
  find: () => string | undefined;
  /** What makes it with what the package holds, where that is not it yet. */
  make?: { from: () => string | undefined; build: (from: string) => void };
}

const POSTGRES_FOLDER = '/usr/lib/postgresql';

/** Services from Debian, or built with what Debian has, that service tests run against. */
export const SERVICES: readonly Service[] = [
  {
    name: 'PostgreSQL',
    debianPackage: 'postgresql',
    find: () => {
      const versions = existsSync(POSTGRES_FOLDER)
        ? readdirSync(POSTGRES_FOLDER).sort((a, b) => Number(b) - Number(a))
        : [];
      return versions
        .map((version) => join(POSTGRES_FOLDER, version, 'bin'))
        .find((folder) => existsSync(join(folder, 'initdb')));
    },
  },
  {
    name: 'PgBouncer',
    debianPackage: 'pgbouncer',
    find: () => (existsSync('/usr/sbin/pgbouncer') ? '/usr/sbin' : undefined),
  },
  {
    name: 'MariaDB',
    debianPackage: 'mariadb-server',
    find: () => (existsSync('/usr/sbin/mariadbd') && existsSync('/usr/bin/mariadb-install-db') ? '/usr' : undefined),
  },
  {
    name: 'OpenSSH',
    debianPackage: 'openssh-server',
    find: () => (existsSync('/usr/sbin/sshd') && existsSync('/usr/bin/ssh-keygen') ? '/usr' : undefined),
  },
  { name: 'strace', debianPackage: 'strace', find: () => (existsSync('/usr/bin/strace') ? '/usr/bin' : undefined) },
  {
    name: 'Chromium',
    debianPackage: 'chromium',
    find: () => (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : undefined),
  },
  {
    name: 'FerretDB',
    debianPackage: 'golang-go',
    find: findFerretdb,
    make: { from: findGo, build: buildFerretdb },
  },
  {
    name: 'Kafka Connect',
    debianPackage: 'maven',
    find: findKafka,
    make: { from: findMaven, build: installKafka },
  },
];

/** Whether nothing may be skipped (`npm run test:services`). */
export const ALL_SERVICES = process.env['HEADWATER_TEST_SERVICES'] === 'all';
