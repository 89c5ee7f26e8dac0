/** Which server it is, from what it says of its version. */
export interface Product {
  mariadb: boolean;
  /** Major and minor; beyond all where it says nothing that can be read: then it is taken for a new one. */
  version: readonly [number, number];
  /** What else the version says: where it was built. */
  build: string;
}

/** `server`: what the connector takes it for, where the server has said nothing yet. */
export function productOf(version: string | undefined, server: string): Product {
  const [, major = '99', minor = '0'] = /^(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  return {
    mariadb: version === undefined ? server === 'MariaDB' : /mariadb/i.test(version),
    version: [Number(major), Number(minor)],
    build: version ?? '',
  };
}

export function isAtLeast({ version: [major, minor] }: Product, wanted: readonly [number, number]): boolean {
  return major > wanted[0] || (major === wanted[0] && minor >= wanted[1]);
}

/** The folder whose files the server reads at its start, where the way it was packaged tells. */
export function settingsFolder({ mariadb, build }: Product): string | undefined {
  if (!/deb\d|~deb|ubu/i.test(build)) return undefined;
  return mariadb ? '/etc/mysql/mariadb.conf.d' : '/etc/mysql/mysql.conf.d';
}
