import { HeadwaterError } from '../../errors.ts';
import type { Secret } from '../secret.ts';
import type { ReadSecret, SchemeFacts } from './provider.ts';

/** What a name may be. Those of hand-overs begin with `cs_`, and are never taken for one of these. */
const NAME = /^(?!cs_)[A-Za-z0-9_.-]{1,64}$/;
export const NAME_RULE = 'at most 64 letters, digits, `_`, `.` and `-`, not beginning with `cs_`';

export function isSecretName(text: string): boolean {
  return NAME.test(text);
}

/** A secret that somebody at this machine has stored under a name. */
export const CREDENTIAL: SchemeFacts = {
  form: '${credential:NAME}',
  reads: 'A secret that `headwater secret set NAME` has stored, sealed, for the tenant that asks',
  opened: 'each by storing it',
  isTarget: isSecretName,
};

/** `read`: undefined where there is no secret of that name. */
export function credentialReader(read: (tenant: string, name: string) => Promise<Secret | undefined>): ReadSecret {
  return async (name, tenant) => {
    const secret = isSecretName(name) ? await read(tenant, name) : undefined;
    if (secret) return secret;
    if (!isSecretName(name)) {
      throw new HeadwaterError('REFERENCE_BROKEN', `\${credential:${name}} cannot be used here.`, {
        hint: 'It is of a hand-over that has run out or ended, or was for something else. Ask for a new one.',
      });
    }
    const set = `headwater secret set ${name}${tenant === 'local' ? '' : ` --tenant ${tenant}`}`;
    throw new HeadwaterError('REFERENCE_BROKEN', `There is no secret of the name ${name}.`, {
      hint: `A person must store it where Headwater runs: \`${set}\`.`,
    });
  };
}
