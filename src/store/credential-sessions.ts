import type { CredentialSession, CredentialSessions } from '../sources/credential-sessions.ts';
import type { Append } from './audit.ts';
import type { Database } from './database.ts';
import type { CredentialSessionRow } from './tables.ts';

export interface SessionParts {
  database: Database;
  append: Append;
  now: () => Date;
}

/** Long enough for a link that has run out to be told from one that never was; only we see the difference. */
const KEPT_MS = 60 * 60 * 1000;

/** Hand-overs of credentials, until they run out. */
export function createCredentialSessions({ database, append, now }: SessionParts): CredentialSessions {
  return {
    async insert(session, audit) {
      await database.write(async (tx) => {
        await tx
          .deleteFrom('credential_sessions')
          .where('expires_ms', '<', now().getTime() - KEPT_MS)
          .execute();
        await tx.insertInto('credential_sessions').values(rowOf(session)).execute();
        await append(tx, audit);
      });
    },
    async find(tenant, id) {
      const row = await database.read((db) =>
        db
          .selectFrom('credential_sessions')
          .selectAll()
          .where('tenant', '=', tenant)
          .where('id', '=', id)
          .where('expires_ms', '>', now().getTime())
          .executeTakeFirst(),
      );
      return row && sessionOf(row);
    },
    async findByNonce(nonceDigest) {
      const row = await database.read((db) =>
        db
          .selectFrom('credential_sessions')
          .selectAll()
          .where('nonce_digest', '=', nonceDigest)
          .where('expires_ms', '>', now().getTime())
          .executeTakeFirst(),
      );
      return row && sessionOf(row);
    },
    async replace(session, audit) {
      return await database.write(async (tx) => {
        const { tenant, id, ...columns } = rowOf({ ...session, revision: session.revision + 1 });
        const { numUpdatedRows } = await tx
          .updateTable('credential_sessions')
          .set(columns)
          .where('tenant', '=', tenant)
          .where('id', '=', id)
          .where('revision', '=', session.revision)
          .executeTakeFirstOrThrow();
        if (numUpdatedRows === 0n) return false;
        if (audit) await append(tx, audit);
        return true;
      });
    },
  };
}

function rowOf(session: CredentialSession): CredentialSessionRow {
  const { tenant, id, nonceDigest, revision, expiresAt, ...rest } = session;
  return {
    tenant,
    id,
    nonce_digest: nonceDigest,
    expires_ms: Date.parse(expiresAt),
    revision,
    body: JSON.stringify(rest),
  };
}

function sessionOf({ tenant, id, nonce_digest, expires_ms, revision, body }: CredentialSessionRow): CredentialSession {
  const expiresAt = new Date(expires_ms).toISOString();
  return { ...JSON.parse(body), tenant, id, nonceDigest: nonce_digest, revision, expiresAt };
}
