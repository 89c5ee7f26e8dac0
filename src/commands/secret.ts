import type { App } from '../app.ts';
import { HeadwaterError } from '../errors.ts';
import type { ListedSecret } from '../secrets/named-secrets.ts';
import { isSecretName, NAME_RULE } from '../secrets/providers/credential.ts';
import { audited } from '../sources/trail.ts';
import { defineCommand, type Outcome } from './command.ts';
import type { Output } from './output/output.ts';
import { table } from './output/table.ts';
import { choice, flag, text } from './parameters.ts';
import { readSecret } from './secret-input.ts';
import { operatorCall } from './shared.ts';
import { usageError } from './usage-error.ts';

const ACTIONS = ['set', 'list', 'remove'] as const;
const DAY_MS = 86_400_000;

export const secretCommand = defineCommand({
  positionals: {
    action: { ...choice('ACTION', ACTIONS, 'set NAME, list, or remove NAME.'), required: true },
    name: text('NAME', `The name: ${NAME_RULE}.`),
  },
  options: {
    tenant: text('TENANT', 'Whose configs may refer to it; `local` by default, those of this machine.'),
    force: flag('remove: also where sources refer to it.'),
  },
  description:
    'Secrets under names, sealed in the store. A config refers to one as ${credential:NAME}, and an agent that writes ' +
    'the config never sees it. `set` asks for it without showing it, or reads it from standard input, without the ' +
    'line end at its end; it is never an argument. `list` tells names, ages, which sources refer to each, and a ' +
    'fingerprint, which changes when the secret does and says nothing of it.',
  examples: [
    'headwater secret set shop-db',
    'headwater secret set deploy-key < id_ed25519',
    'headwater secret list',
    'headwater secret remove shop-db',
  ],
  surplus: {
    message: 'A secret is not given as an argument: everybody on this machine can see command lines.',
    hint: 'Run `headwater secret set NAME` and give it when it asks, or on standard input. If it was a secret, treat it as exposed.',
  },
  run: async ({ action, name, tenant = 'local', force = false }, { app, out }) => {
    if (force && action !== 'remove') throw usageError('--force is for `headwater secret remove`.');
    if (action === 'list') {
      if (name !== undefined) throw usageError('`headwater secret list` takes no name.');
      return listed(out, tenant, await app.secrets.list(tenant), app.services.now());
    }
    if (name === undefined) throw usageError(`Say which: headwater secret ${action} NAME.`);
    // It is not quoted: somebody may have given the secret in its place.
    if (!isSecretName(name)) throw usageError(`That is no name for a secret. A name has ${NAME_RULE}.`);
    return action === 'set' ? await set(app, out, tenant, name) : await remove(app, tenant, name, force);
  },
});

async function set({ secrets, services }: App, out: Output, tenant: string, name: string): Promise<Outcome> {
  const secret = await readSecret(`Secret for ${name}: `, (prompt) => void process.stderr.write(prompt));
  const { trail } = operatorCall(services, 'set_secret');
  const { fingerprint, replaced } = await audited(services.keepEntry, trail, { acts: true }, async () => {
    const done = await secrets.set(tenant, name, secret);
    trail.note({ target: { secret: name, tenant, fingerprint: done.fingerprint } });
    return done;
  });
  const reference = `\${credential:${name}}`;
  return {
    document: { name, tenant, reference, fingerprint, replaced },
    lines: () => [
      `${replaced ? 'Replaced' : 'Stored'}. Configs refer to it as ${out.paint('bold', reference)}`,
      out.paint('dim', `Fingerprint ${fingerprint}`),
    ],
  };
}

async function remove({ secrets, services }: App, tenant: string, name: string, force: boolean): Promise<Outcome> {
  const { trail } = operatorCall(services, 'remove_secret');
  return await audited(services.keepEntry, trail, { acts: true }, async () => {
    const found = (await secrets.list(tenant)).find((each) => each.name === name);
    if (!found) {
      throw new HeadwaterError('INVALID_ARGUMENTS', `There is no secret of the name ${name}.`, {
        hint: 'headwater secret list shows them.',
      });
    }
    trail.note({ target: { secret: name, tenant } });
    const { usedBy } = found;
    if (usedBy.length > 0 && !force) {
      throw new HeadwaterError('INVALID_ARGUMENTS', `${name} is in use by ${some(usedBy)}.`, {
        hint: 'They would no longer connect. --force removes it all the same.',
      });
    }
    await secrets.remove(tenant, name);
    return {
      document: { removed: name, tenant, used_by: usedBy },
      lines: () => [`Removed ${name}.`],
      notes: usedBy.length > 0 ? [`These no longer connect: ${usedBy.join(', ')}`] : [],
    };
  });
}

function listed(out: Output, tenant: string, secrets: readonly ListedSecret[], now: Date): Outcome {
  const columns = [
    { title: 'Name', text: ({ name }: ListedSecret) => name, style: () => 'bold' as const },
    { title: 'Fingerprint', text: ({ fingerprint }: ListedSecret) => fingerprint },
    { title: 'Set', text: ({ updatedAt }: ListedSecret) => age(updatedAt, now) },
    { title: 'Used by', text: ({ usedBy }: ListedSecret) => some(usedBy) || 'nothing', fit: 'cut' as const },
  ];
  return {
    document: {
      tenant,
      secrets: secrets.map(({ name, fingerprint, createdAt, updatedAt, usedBy }) => ({
        name,
        reference: `\${credential:${name}}`,
        fingerprint,
        created_at: createdAt,
        updated_at: updatedAt,
        used_by: usedBy,
      })),
    },
    lines: () =>
      secrets.length === 0
        ? [`There are no secrets${tenant === 'local' ? '' : ` for ${tenant}`}. headwater secret set NAME stores one.`]
        : table(out, columns, secrets),
  };
}

function age(at: string, now: Date): string {
  const days = Math.floor((now.getTime() - Date.parse(at)) / DAY_MS);
  return days < 1 ? 'today' : days === 1 ? 'yesterday' : `${days} days ago`;
}

function some(ids: readonly string[]): string {
  return ids.length > 3 ? `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more` : ids.join(', ');
}
