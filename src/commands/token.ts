import { join } from 'node:path';
import { HeadwaterError } from '../errors.ts';
import { PRINCIPAL_ROLES } from '../sources/principal.ts';
import { audited } from '../sources/trail.ts';
import { createTokenFile, type TokenRecord } from '../transports/http/tokens.ts';
import { defineCommand, type Outcome } from './command.ts';
import type { Output } from './output/output.ts';
import { table } from './output/table.ts';
import { choice, text } from './parameters.ts';
import { operatorCall } from './shared.ts';

const ACTIONS = ['add', 'list', 'revoke'] as const;

export const tokenCommand = defineCommand({
  positionals: {
    action: { ...choice('ACTION', ACTIONS, 'add NAME, list, or revoke ID.'), required: true },
    subject: text('NAME|ID', 'Whose token it is, or the id of the one to revoke.'),
  },
  options: {
    tenant: text('TENANT', 'Whose sources it sees; `local` by default, the sources of this machine.'),
    role: choice('ROLE', PRINCIPAL_ROLES, 'admin, editor (the default) or viewer, who only looks.'),
  },
  description:
    'Bearer tokens for `headwater http`. A token is shown once, when it is made; only its hash is kept, in tokens.json ' +
    'in HEADWATER_HOME. A revoked one is refused within a second.',
  examples: [
    'headwater token add alice',
    'headwater token add dashboards --tenant acme --role viewer',
    'headwater token revoke 1a2b3c4d',
  ],
  run: async ({ action, subject, tenant = 'local', role = 'editor' }, { app, out }) => {
    const file = createTokenFile(join(app.settings.home, 'tokens.json'));
    if (action === 'list') return listed(out, await file.list());
    if (subject === undefined) {
      const what =
        action === 'add' ? 'whose token it is: headwater token add NAME' : 'which token: headwater token revoke ID';
      throw new HeadwaterError('INVALID_ARGUMENTS', `Say ${what}.`);
    }
    const { services } = app;
    const { trail } = operatorCall(services, `${action}_token`);
    return await audited(services.keepEntry, trail, { acts: true }, async () => {
      if (action === 'add') {
        const { token, record } = await file.add({ name: subject, tenant, role }, services.now());
        trail.note({ target: targetOf(record) });
        return {
          document: { token, ...shown(record) },
          lines: () => [token, out.paint('dim', `For ${subject} (${tenant}, ${role}). It is not shown again.`)],
        };
      }
      const record = await file.revoke(subject);
      if (!record) throw noToken(subject);
      trail.note({ target: targetOf(record) });
      return { document: { revoked: subject }, lines: () => [`Revoked ${subject}.`] };
    });
  },
});

/** What the audit trail says of a token. */
function targetOf({ id, name, tenant, role }: TokenRecord): Record<string, string> {
  return { token: id, name, tenant, role };
}

function noToken(id: string): HeadwaterError {
  return new HeadwaterError('INVALID_ARGUMENTS', `There is no token with the id ${JSON.stringify(id.slice(0, 40))}.`, {
    hint: 'headwater token list shows them.',
  });
}

function shown({ hash: _, ...record }: TokenRecord): Omit<TokenRecord, 'hash'> {
  return record;
}

function listed(out: Output, records: readonly TokenRecord[]): Outcome {
  const columns = [
    { title: 'Id', text: ({ id }: TokenRecord) => id },
    { title: 'Name', text: ({ name }: TokenRecord) => name, fit: 'cut' as const },
    { title: 'Tenant', text: ({ tenant }: TokenRecord) => tenant, fit: 'cut' as const },
    { title: 'Role', text: ({ role }: TokenRecord) => role },
    { title: 'Made', text: ({ created_at }: TokenRecord) => created_at.slice(0, 10) },
  ];
  return {
    document: { tokens: records.map(shown) },
    lines: () =>
      records.length === 0
        ? ['There are no tokens. On loopback, `headwater http` needs none until the first is made.']
        : table(out, columns, records),
  };
}
