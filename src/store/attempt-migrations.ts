/** As `MIGRATIONS`, for `attempts.db`: what it holds says nothing any more after an hour, of rejected logins after a day. */
export const ATTEMPT_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE attempts (
    n INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    destination TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX attempts_by_tenant ON attempts (tenant, at_ms);
  CREATE INDEX attempts_by_destination ON attempts (tenant, destination, at_ms);

  CREATE TABLE circuits (
    tenant TEXT NOT NULL,
    connector TEXT NOT NULL,
    destination TEXT NOT NULL,
    failures INTEGER NOT NULL,
    openings INTEGER NOT NULL,
    open_until_ms INTEGER NOT NULL,
    lease_id TEXT NOT NULL,
    lease_until_ms INTEGER NOT NULL,
    not_before_ms INTEGER NOT NULL,
    failed_ms INTEGER NOT NULL,
    last_code TEXT NOT NULL,
    last_message TEXT NOT NULL,
    PRIMARY KEY (tenant, connector, destination)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX circuits_by_age ON circuits (failed_ms);

  CREATE TABLE login_rejections (
    tenant TEXT NOT NULL,
    destination TEXT NOT NULL,
    username TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    tries INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, destination, username, fingerprint)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX login_rejections_by_age ON login_rejections (at_ms);
  `,
];
